import { describe, expect, it } from "@jest/globals";
import { patternsCovering } from "./resource-pattern.js";

describe("patternsCovering", () => {
  it("is the resource, and each spelling with * for a part", () => {
    expect(patternsCovering("service:checkout/region:us-east-1")).toEqual([
      "service:checkout/region:us-east-1",
      "service:*/region:us-east-1",
      "service:checkout/region:*",
      "service:*/region:*",
    ]);
  });

  it.each(["", "everything", "service:a/region:b/zone:c", "service:a"])(
    "%j is covered by itself and by all",
    (text) => {
      expect(patternsCovering(text)).toEqual([text, "service:*/region:*"]);
    },
  );
});
