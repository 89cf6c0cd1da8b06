import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { askedFor, filesOfOneEnvironment } from "./end-to-end.mjs";
import { LONG } from "./jest-sequencer.mjs";
import { root } from "./process.mjs";

describe("end-to-end tests", () => {
  it("run in both environments, unless an option or SEB_ENV names one", () => {
    expect(askedFor(["a-name"], {})).toEqual({ environments: ["embedded", "real"], rest: ["a-name"] });
    expect(askedFor(["--real", "a-name"], {})).toEqual({ environments: ["real"], rest: ["a-name"] });
    expect(askedFor([], { SEB_ENV: "embedded" }).environments).toEqual(["embedded"]);
    expect(askedFor(["--real"], { SEB_ENV: "embedded" }).environments).toEqual(["real"]);
    expect(askedFor([], { SEB_ENV: "" }).environments).toEqual(["embedded", "real"]);
  });

  it("run once where they start servers of their own", () => {
    const once = filesOfOneEnvironment();
    expect(once).toContain("the-broker-itself-cannot-write.test.ts");
    expect(once).not.toContain("a-certificate-works-once.test.ts");
  });

  it("begin with long ones that exist", () => {
    expect(LONG.filter((name) => !existsSync(join(root, "e2e", "tests", `${name}.test.ts`)))).toEqual([]);
  });
});
