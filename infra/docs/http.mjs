import { code, generated, page, table } from "./parts/markdown.mjs";
import { shellCodes } from "./parts/openapi.mjs";
import { BUILTIN, SERVICES, template } from "./parts/routes.mjs";

export const file = "docs/http.md";

const SHOWS = {
  none: "nothing",
  proof: "`DPoP` by a registered agent's key",
  "proof-if-any": "nothing; a `DPoP` that comes along must hold",
  certificate: "`Authorization: DPoP <certificate>` and `DPoP` by its key",
  "certificate-if-any": "the same, where there is one",
  "signed-body": "a signed object in the body",
};

const INTRO = `Every answer is JSON; every refusal is a problem (RFC 9457, \`application/problem+json\`) with a code of [codes.md](codes.md).
Bodies are strict JSON of at most 64 KB (certificates: 256 KB), 32 levels deep, with exactly the members of their schema. \`HEAD\` is
answered like \`GET\`, with a proof for \`HEAD\`. Schemas of bodies and answers are in the OpenAPI documents; how a proof is made is in [wire.md](wire.md).`;

const row = (route) => [
  code(`${route.method} ${template(route.path)}`),
  route.summary.replace(/\.$/, ""),
  SHOWS[route.auth ?? "none"],
];
const heads = ["request", "what it does", "the caller shows"];

const codesOf = ({ method, path, codes }) =>
  `- ${code(`${method} ${template(path)}`)}: ${[...codes].sort().map(code).join(", ") || "none"}`;

function section({ name, about, routes }) {
  return [
    `## ${name}`,
    `${about} [OpenAPI](openapi/${name}.json)`,
    table(heads, routes.map(row)),
    `Codes besides those of every request:`,
    routes.map(codesOf).join("\n"),
  ];
}

export const render = () =>
  page(
    "# HTTP interfaces",
    generated("http.mjs"),
    INTRO,
    ...SERVICES.map(section),
    "## Every service",
    table(heads, BUILTIN.map(row)),
    `Codes that any request may meet before its handler: ${shellCodes({}).map(code).join(", ")}; with a body also ${shellCodes(
      { body: true },
    )
      .filter((name) => !shellCodes({}).includes(name))
      .map(code)
      .join(", ")}. Unknown paths are \`not_found\`, unknown methods \`method_not_allowed\`.`,
  );
