import { describe, expect, it } from "@jest/globals";
import { expand, fillOpen } from "./template.js";

describe("a template", () => {
  it("is filled in lists and beside values that are no text", () => {
    const missing = new Set<string>();
    const lookup = (kind: string, name: string) => (kind === "parameters" && name === "n" ? 7 : undefined);
    const filled = expand([1, null, true, "{{parameters.n}}", "n={{parameters.n}}", { $open: "x" }], lookup, missing);
    expect(filled).toEqual([1, null, true, 7, "n=7", { $open: "x" }]);
    expect(fillOpen(filled, new Map([["x", "low"]]))).toEqual([1, null, true, 7, "n=7", "low"]);
    expect(fillOpen(filled, new Map())).toBeUndefined();
    expect([...missing]).toEqual([]);
  });
});
