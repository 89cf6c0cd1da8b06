import { describe, expect, it } from "@jest/globals";
import { presentedCertificate, provenRequest } from "./index.js";

const withHeader = (name: string, value: string | undefined) => ({
  method: "HEAD",
  url: "/v1/things",
  header: (asked: string) => (asked === name ? value : undefined),
});
const presented = (value: string | undefined) => {
  const found = presentedCertificate(withHeader("authorization", value));
  return found.ok ? found.value : found.error.code;
};

describe("presentedCertificate", () => {
  it.each(["DPoP", "dpop", "DPOP", "dPoP"])("reads the scheme written %s", (scheme) => {
    expect(presented(`${scheme} a.b.c`)).toBe("a.b.c");
    expect(presented(`${scheme}   a.b.c`)).toBe("a.b.c");
  });

  it.each(["Bearer a.b.c", "DPoP", "DPoP ", "DPoP a.b.c d", "DPoPa.b.c", "DPoP\ta.b.c", "a.b.c", "DPoP é"])(
    "refuses %j",
    (header) => {
      expect(presented(header)).toBe("header_invalid");
    },
  );

  it("says that there is none", () => {
    expect(presented(undefined)).toBe("token_missing");
    expect(presented("")).toBe("token_missing");
  });
});

describe("provenRequest", () => {
  it("is about the method as sent, and about the body where there is one", () => {
    const head = withHeader("dpop", "proof");
    expect(provenRequest(head)).toEqual({ proof: "proof", method: "HEAD", path: "/v1/things" });
    // SHA-256 of `seb-op-v1`, a zero byte and `{"a":1}`.
    expect(provenRequest(head, { a: 1 }).op).toBe(
      "sha256:f3e851413752c7ad4d34d108765f69b4fe61c694098318bdbb7defb69e88ad1d",
    );
    expect(() => provenRequest(head, () => 1)).toThrow(TypeError);
  });
});
