import { ADMISSION_CODES, CODES, TOKEN_CODES } from "@seb/schema";
import { code, generated, page, table } from "./parts/markdown.mjs";
import { built } from "./parts/routes.mjs";

export const file = "docs/codes.md";

const of = async (name, member) => (await built(`packages/schema/dist/codes/${name}.js`))[member];
const GROUPS = [
  ["HTTP and JSON", "Before any word of the domain is looked at.", await of("http", "HTTP_CODES")],
  ["Tokens and proofs", "The one gate, signatures, claims, windows, possession, trust.", TOKEN_CODES],
  ["Issuance", "The signer, once it knows the agent.", await of("issuance", "ISSUANCE_CODES")],
  ["Admission and execution", "The broker.", ADMISSION_CODES],
  ["Control", "Operators' orders, bundles, records.", await of("control", "CONTROL_CODES")],
  ["Command lines and SDK", "Before, or instead of, a service's answer.", await of("client", "CLIENT_CODES")],
];

const shown = GROUPS.flatMap(([, , codes]) => Object.keys(codes));
const missing = Object.keys(CODES).filter((name) => !shown.includes(name));
if (missing.length > 0) throw new Error(`infra/docs/codes.mjs shows no group for ${missing.join(", ")}`);

const INTRO = `Every refusal, by any service or command line, has one code of this closed table. In problems (RFC 9457) it is the member
\`code\` and the last part of \`type\`; the command lines print it. Programs decide by the code, never by a text.

- **status**: the HTTP status of the problem.
- **fault**: whose it is: the caller's (\`client\`), ours (\`service\`), the \`target\`'s, or nobody's (\`none\`).
- **retry**: \`never\` this request as it is; the \`same\` one later; \`new-proof\` with a fresh proof; \`new-certificate\` after asking the signer again.
- **exit**: of the command lines: 0 ok, 1 refused, 2 wrong use, 3 could not ask, 4 pending, 5 unknown.`;

const heads = ["code", "status", "fault", "retry", "exit", "what happened", "what to do"];
const rows = (codes) =>
  Object.entries(codes).map(([name, { status, fault, retry, exit, title, remedy }]) => [
    code(name),
    status,
    fault,
    retry,
    exit,
    title,
    remedy,
  ]);

export const render = () =>
  page(
    "# Codes",
    generated("codes.mjs"),
    INTRO,
    ...GROUPS.map(([title, about, codes]) => [`## ${title}`, about, table(heads, rows(codes))]),
  );
