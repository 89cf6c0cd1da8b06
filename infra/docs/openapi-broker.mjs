import { openapi } from "./parts/openapi.mjs";

export const file = "docs/openapi/broker.json";
export const render = () => openapi("broker");
