import { openapi } from "./parts/openapi.mjs";

export const file = "docs/openapi/signer.json";
export const render = () => openapi("signer");
