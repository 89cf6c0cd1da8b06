import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../../process.mjs";

/** A module of the build by its path below the repository. */
export const built = (path) => import(pathToFileURL(join(root, path)).href);

const { brokerRoutes } = await built("apps/broker/dist/routes.js");
const { revocationRoutes } = await built("apps/revocation/dist/routes.js");
const { signerRoutes } = await built("apps/signer/dist/routes.js");
const { builtinRoutes } = await built("packages/service-kit/dist/builtin-routes.js");

/** Making the lists touches nothing of a service, so an empty one will do; a handler is never called here. */
const inert = Object.freeze({});

/** Services with every route that they serve, as they serve it. */
export const SERVICES = [
  { name: "signer", about: "Decides on proposals and issues certificates.", routes: signerRoutes(inert) },
  { name: "broker", about: "Observes targets, admits certificates and carries them out.", routes: brokerRoutes(inert) },
  { name: "revocation", about: "Takes authority back, by operators' signed orders.", routes: revocationRoutes(inert) },
];

/** What every service serves besides. */
export const BUILTIN = builtinRoutes({ readiness: () => [], metrics: inert });

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  required: true,
  schema: { type: "string", pattern: "^[A-Za-z0-9_-]{16,128}$" },
};
const state = { name: "state", in: "query", schema: { enum: ["open", "unknown", "recent"], default: "recent" } };
const limit = { name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: 200, default: 50 } };

/** What the handlers read besides path and body. */
const MORE = { "POST /v1/certificates": [IDEMPOTENCY_KEY], "GET /v1/executions": [state, limit] };

export function moreParameters({ method, path }) {
  return MORE[`${method} ${path}`] ?? [];
}

const known = SERVICES.flatMap(({ routes }) => routes.map(({ method, path }) => `${method} ${path}`));
const gone = Object.keys(MORE).filter((name) => !known.includes(name));
if (gone.length > 0) throw new Error(`infra/docs/parts/routes.mjs describes what is not served: ${gone.join(", ")}`);

/** `/v1/executions/:cert_id` as OpenAPI and readers write it. */
export const template = (path) => path.replaceAll(/:([a-z_]+)/g, "{$1}");
