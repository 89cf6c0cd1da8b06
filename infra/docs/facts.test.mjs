import { describe, expect, it } from "@jest/globals";
import { FACTS } from "@seb/schema";
import { render } from "./facts.mjs";

describe("the page of facts", () => {
  it("has a row for each fact of the table, and for one more when the table has it", () => {
    const page = render();
    for (const name of Object.keys(FACTS)) expect(page).toContain(`\n| \`${name}\` |`);
    expect(page).not.toContain("reviewers");
    const about = "Number of people who reviewed the change.";
    const type = { kind: "integer", minimum: 0, maximum: 9 };
    const reviewers = {
      type,
      absent: 0,
      worse: "less",
      time: "stable",
      from: "evidence",
      policies: true,
      certificate: null,
      about,
    };
    expect(render({ ...FACTS, reviewers })).toContain(
      `\n| \`reviewers\` | integer 0 to 9 | \`0\` | less | stable | evidence |  | ${about} |`,
    );
  });
});
