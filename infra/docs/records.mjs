import { OUTCOMES, RECORD_BODIES } from "@seb/schema";
import { commentsOf } from "./parts/comments.mjs";
import { code, generated, page, table } from "./parts/markdown.mjs";
import { membersTable } from "./parts/members.mjs";

export const file = "docs/records.md";

const FOLDER = "packages/schema/src/records";
/** Where each body stands, and who writes it. */
const SOURCES = {
  boot: ["BootBody", "chain", "every service"],
  close: ["CloseBody", "chain", "every service"],
  refusal: ["RefusalBody", "refusals", "every service"],
  "refusal-counts": ["RefusalCountsBody", "refusals", "every service"],
  issued: ["IssuedBody", "issuance", "the signer"],
  pending: ["PendingBody", "issuance", "the signer"],
  approval: ["ApprovalBody", "issuance", "the signer"],
  denied: ["DeniedBody", "issuance", "the signer"],
  decision: ["DecisionBody", "executions", "a broker"],
  outcome: ["OutcomeBody", "executions", "a broker"],
  recall: ["RecallBody", "executions", "a broker"],
  takeover: ["TakeoverBody", "executions", "a broker"],
  resolution: ["ResolutionBody", "executions", "a broker"],
  verification: ["VerificationBody", "executions", "a broker"],
  order: ["OrderRecord", "orders", "the revocation service"],
  activation: ["ActivationRecord", "orders", "the revocation service"],
  rebuild: ["RebuildRecord", "orders", "the revocation service"],
};
const unknown = Object.keys(RECORD_BODIES).filter((kind) => !(kind in SOURCES));
if (unknown.length > 0) throw new Error(`infra/docs/records.mjs does not say who writes ${unknown.join(", ")}`);

const INTRO = `The bodies of records are wire formats: history is kept, so each version reads what earlier ones wrote. The envelope of a record
is [RecordClaims](tokens.md#recordclaims). Machines find these schemas in [schemas/records.json](schemas/records.json).

- Every body has a \`ver\`. A body without one is of \`ver\` 1: commit f5082e2 wrote none.
- Within a \`ver\` members may be added. A reader leaves members that it does not know where they are, at any depth; a changed meaning raises \`ver\`.
- A kind that a reader does not know is passed over, and said. A known kind whose body does not fit, or has a higher \`ver\`, is a problem with a
  place: \`seb audit verify\` names it (\`body\`), and the service whose record it is does not start.
- A body that does not fit its schema exactly is never written.`;

const OUTCOMES_INTRO = `One table says what each state of an execution means; brokers, command lines and auditors read it. A receipt is the line of a
final outcome's own record: the answers of \`POST /v1/executions\` and \`GET /v1/executions/{cert_id}\` carry it.
\`budget\` is for budgets, of which there are none yet: the rates of ceilings count what was taken, whatever became of it.`;

const yes = (value) => (value ? "yes" : "no");
const outcomes = () =>
  table(
    ["state", "final", "resource", "budget", "receipt", "changed", "an operator may", "code", "exit", "what"],
    Object.entries(OUTCOMES).map(([state, row]) => [
      code(state),
      yes(row.final),
      row.resource,
      row.budget.replace("_", " "),
      yes(row.receipt),
      yes(row.changed),
      row.resolvable ? "end it" : row.stated ? "state it" : "",
      row.code === null ? "200" : row.code === "own" ? "the outcome's own" : code(row.code),
      String(row.exit),
      row.about,
    ]),
  );

function section(kind) {
  const [name, source, who] = SOURCES[kind];
  const path = `${FOLDER}/${source}.ts`;
  const { ver, body } = RECORD_BODIES[kind];
  const about = commentsOf(path, name).get("") ?? "";
  const members = Object.keys(body.properties).length === 0 ? "No members besides `ver`." : membersTable(name, path);
  return [`## ${kind}`, `${about} Written by ${who}; \`ver\` ${ver}.`, members];
}

export const render = () =>
  page(
    "# Records",
    generated("records.mjs"),
    INTRO,
    "## Outcomes",
    OUTCOMES_INTRO,
    outcomes(),
    ...Object.keys(RECORD_BODIES).flatMap(section),
  );
