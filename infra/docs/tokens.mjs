import {
  DPOP_TYP,
  EpochTarget,
  MAX_TOKEN_BYTES,
  OrderBody,
  RevocationTarget,
  ScopeValue,
  TYP_OF_ROLE,
  Values,
} from "@seb/schema";
import { code, generated, page, table } from "./parts/markdown.mjs";
import { membersTable, typeOf, WORDS } from "./parts/members.mjs";

export const file = "docs/tokens.md";

const TOKENS = "packages/schema/src/tokens.ts";
const CONTRACT = "packages/schema/src/contract.ts";

const SIGNERS = {
  certificate: ["the signer", "CertificateClaims"],
  observation: ["a broker", "ObservationClaims"],
  status: ["the revocation service", "StatusClaims"],
  record: ["each service instance", "RecordClaims"],
  order: ["an operator", "OrderClaims"],
  approval: ["a person of the control folder", "ApprovalClaims"],
  owner: ["offline owners, k of n (JWS general serialization)", "TrustPayload"],
};
const unknown = Object.keys(TYP_OF_ROLE).filter((role) => !(role in SIGNERS));
if (unknown.length > 0) throw new Error(`infra/docs/tokens.mjs does not say who signs ${unknown.join(", ")}`);

const bytes = (typ) => MAX_TOKEN_BYTES[typ].toLocaleString("en");
const kinds = () =>
  table(
    ["role of the key", "typ", "signed by", "at most, bytes", "payload"],
    [
      ...Object.entries(TYP_OF_ROLE).map(([role, typ]) => {
        const [who, claims] = SIGNERS[role];
        return [code(role), code(typ), who, bytes(typ), `[${claims}](#${claims.toLowerCase()})`];
      }),
      ["the agent's own", code(DPOP_TYP), "the agent (RFC 9449)", bytes(DPOP_TYP), "[ProofClaims](#proofclaims)"],
    ],
  );

const SECTIONS = [
  ["CertificateClaims", TOKENS],
  ["Contract", CONTRACT],
  ["ObservationClaims", TOKENS],
  ["LiveState", CONTRACT],
  ["StatusClaims", TOKENS],
  ["Epochs", TOKENS],
  ["OrderClaims", TOKENS],
  ["ApprovalClaims", TOKENS],
  ["RecordClaims", TOKENS],
  ["TrustPayload", TOKENS],
  ["TrustKey", TOKENS],
  ["ProofClaims", TOKENS],
];

const orders = () => OrderBody.anyOf.map((one) => `- ${typeOf({ anyOf: [one] })}`).join("\n");

export const render = () =>
  page(
    "# Tokens",
    generated("tokens.mjs"),
    "The closed schemas of everything that is signed. A member that is not listed is refused, and so is one that is missing, unless it is marked optional or `?`. The keys of a map are bounded like values: any other key is refused. A `text` is counted in Unicode code points; a pattern must match the whole of it. How tokens are made and verified is told in [wire.md](wire.md).",
    kinds(),
    ...SECTIONS.flatMap(([name, source]) => {
      const more = name === "OrderClaims" ? [orderNote()] : [];
      return [`## ${name}`, membersTable(name, source), ...more];
    }),
    "## Words",
    table(
      ["word", "meaning"],
      [...Object.entries(WORDS), ["Values", `map by Key, up to ${Values.maxProperties}: ${typeOf(ScopeValue)}`]],
    ),
  );

const targets = (schema) =>
  table(
    ["kind", "value"],
    schema.anyOf.map(({ properties: { kind, value } }) => [code(kind.const), typeOf(value)]),
  );

const orderNote = () =>
  [
    "OrderBody is one of:",
    orders(),
    "A `target` is `{kind, value}`. Of `revoke` and `lift`:",
    targets(RevocationTarget),
    "Of `epoch`:",
    targets(EpochTarget),
  ].join("\n\n");
