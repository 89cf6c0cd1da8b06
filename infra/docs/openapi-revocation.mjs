import { openapi } from "./parts/openapi.mjs";

export const file = "docs/openapi/revocation.json";
export const render = () => openapi("revocation");
