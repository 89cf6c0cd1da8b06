import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { cutText } from "./index.js";

describe("a text that is cut", () => {
  it("ends before a character that does not fit whole", () => {
    expect(cutText("ab\u{1f600}c", 3)).toBe("ab");
    expect(cutText("ab\u{1f600}c", 4)).toBe("ab\u{1f600}");
    expect(cutText("abc", 5)).toBe("abc");
  });

  it("is a beginning of the text, short enough, and holds whole characters alone", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat({ max: 20 }), (text, length) => {
        const cut = cutText(text, length);
        expect(text.startsWith(cut)).toBe(true);
        expect(cut.length).toBeLessThanOrEqual(length);
        expect(Buffer.from(cut, "utf8").toString("utf8")).toBe(cut);
      }),
    );
  });
});
