import { FACTS, MAX_CERTIFICATE_FACTS } from "@seb/schema";
import { code, generated, page, table } from "./parts/markdown.mjs";

export const file = "docs/facts.md";

const INTRO = `A policy sees facts, never what an agent says. Each fact is one row of \`packages/schema/src/facts/table.ts\`, and what signer, command lines
and this page know of it follows from that row: what evidence providers may establish, how several findings combine, what counts as worse at
issuance than when people approved, the policies' context and its Cedar schema (\`seb policy schema\`), and the context that policy tests start from.

A fact that nobody established has its value *when absent*, which is never good. Where several providers speak of one fact, the worse value counts.
A *volatile* fact may be equal or better at issuance than when people were asked, never worse; a *stable* one follows from what is asked. A
certificate carries at most ${MAX_CERTIFICATE_FACTS} facts, and marks what an agent merely referred to by \`ref_\`.`;

const WORSE = { true: "true", false: "false", more: "more", less: "less", other: "any other" };

function typeOf(type) {
  switch (type.kind) {
    case "flag":
      return "true or false";
    case "integer":
      return `integer ${type.minimum} to ${type.maximum}`;
    case "word":
      return type.words.map(code).join(", ");
    case "text":
      return `text, at most ${type.maxLength} characters, or null`;
    case "names":
      return `text, at most ${type.maxLength} characters, or a list of them, or null`;
    default:
      throw new Error(`infra/docs/facts.mjs: the type ${type.kind} has no description`);
  }
}

const rows = (facts, columns) =>
  Object.entries(facts).map(([name, fact]) => columns.map((column) => column(fact, name)));
const named = (_fact, name) => code(name);
const shared = [
  ({ type }) => typeOf(type),
  ({ absent }) => code(JSON.stringify(absent)),
  ({ worse, type }) => (type.kind === "word" ? "an earlier one" : WORSE[worse]),
  ({ time }) => time,
  ({ from }) => from,
  ({ certificate }) => (certificate === null ? "" : code(certificate)),
  ({ about }) => about,
];
const HEADS = ["type", "when absent", "worse", "time", "from", "in the certificate", "meaning"];

/** The page of a table of facts; the product's own by default. */
export function render(facts = FACTS) {
  const pick = (which) => Object.fromEntries(Object.entries(facts).filter(([, fact]) => which(fact)));
  return page(
    "# Facts",
    generated("facts.mjs"),
    INTRO,
    "## What the policies see",
    "Members of `context`, all of them always there, besides `context.region`, the region's name.",
    table(
      ["fact", ...HEADS],
      rows(
        pick(({ policies }) => policies),
        [named, ...shared],
      ),
    ),
    "## What only the risk, the certificate and the records have",
    table(
      ["fact", ...HEADS],
      rows(
        pick(({ policies }) => !policies),
        [named, ...shared],
      ),
    ),
  );
}
