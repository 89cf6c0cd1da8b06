// Strict JSON, canonical JSON, digests and thumbprints.
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { contract } from "./claims.mjs";
import { keys } from "./keys.mjs";

const b64 = (data) => Buffer.from(data).toString("base64url");
export const limits = { max_bytes: 65_536, max_depth: 32 };

function digestOf(prefix, value) {
  return `sha256:${createHash("sha256")
    .update(`${prefix}\u0000${canonicalize(value)}`)
    .digest("hex")}`;
}

export function json() {
  const valid = [];
  const invalid = [];
  const good = (name, about, text, canonical) => valid.push({ name, about, json: b64(text), canonical });
  const bad = (code, name, about, text) => invalid.push({ name, about, code, json: b64(text) });
  good(
    "sorted",
    "Members are sorted by UTF-16 units.",
    '{ "b":1, "a":2, "\u20ac":3, "\\ud83d\\ude00":4, "\ufb33":5 }',
    '{"a":2,"b":1,"\u20ac":3,"\u{1f600}":4,"\ufb33":5}',
  );
  good(
    "numbers",
    "Numbers as ECMAScript writes them.",
    "[1e2, 1.50, -0, 333333333.33333329, 1E-27, 4.50]",
    "[100,1.5,0,333333333.3333333,1e-27,4.5]",
  );
  good(
    "escapes",
    "Only what must be escaped is.",
    '"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/"',
    '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"',
  );
  good(
    "proto",
    "__proto__ is a member like any other.",
    '{"__proto__":1,"constructor":2}',
    '{"__proto__":1,"constructor":2}',
  );
  good("deepest", "32 nested arrays.", `${"[".repeat(32)}${"]".repeat(32)}`, `${"[".repeat(32)}${"]".repeat(32)}`);
  good("largest-integer", "2^53 - 1.", "9007199254740991", "9007199254740991");
  good("scalar", "A document may be a scalar.", " true ", "true");
  bad("json_duplicate_key", "duplicate", "A member twice.", '{"a":1,"a":1}');
  bad("json_duplicate_key", "duplicate-escaped", "The same member, spelled otherwise.", '{"a":1,"\\u0061":2}');
  bad("json_lone_surrogate", "lone-surrogate", "Half of a pair.", '"\\ud800"');
  bad("json_lone_surrogate", "swapped-surrogates", "A pair in the wrong order.", '"\\udc00\\ud800"');
  bad("json_lone_surrogate", "lone-surrogate-in-key", "Half of a pair in a member's name.", '{"\\udfff":1}');
  bad("json_invalid_utf8", "invalid-utf8", "A stray byte.", Buffer.from([0x22, 0xff, 0x22]));
  bad("json_invalid_utf8", "overlong", "An overlong encoding of /.", Buffer.from([0x22, 0xc0, 0xaf, 0x22]));
  bad("json_invalid_utf8", "cesu-8", "A surrogate encoded as bytes.", Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]));
  bad("json_invalid_utf8", "bom", "A byte order mark.", "\ufeff{}");
  bad("json_unsafe_integer", "unsafe-integer", "2^53.", "9007199254740992");
  bad("json_unsafe_integer", "unsafe-negative", "-2^53.", "-9007199254740992");
  bad("json_non_finite", "infinite", "1e999.", "1e999");
  bad("json_too_deep", "too-deep", "33 nested arrays.", `${"[".repeat(33)}${"]".repeat(33)}`);
  bad("json_too_deep", "too-deep-mixed", "33 nested objects and arrays.", `${'{"a":['.repeat(17)}${"]}".repeat(17)}`);
  for (const [name, text] of Object.entries({
    empty: "",
    nan: "NaN",
    "leading-zero": "01",
    "plus-sign": "+1",
    "bare-dot": ".5",
    comment: "{}/**/",
    "trailing-comma": "[1,]",
    "single-quotes": "'a'",
    trailing: "{}x",
    "control-character": '"\u0001"',
    "unknown-escape": '"\\x"',
    "no-break-space": "\u00a0{}",
  }))
    bad("json_syntax", name, "Not RFC 8259.", text);
  return { valid, invalid };
}

export function digests() {
  const of = (prefix, value) => ({ prefix, value, canonical: canonicalize(value), digest: digestOf(prefix, value) });
  return {
    digests: [
      of("seb-op-v1", {
        action: "deploy",
        resource: "service:checkout/region:us-east-1",
        parameters: { image_digest: `sha256:${"0".repeat(64)}`, replicas: 12 },
      }),
      of("seb-op-v1", {}),
      of("seb-contract-v1", contract),
      of(
        "seb-stable-contract-v1",
        Object.fromEntries(Object.entries(contract).filter(([name]) => name !== "precondition")),
      ),
      of("seb-operation-v1", { connector: "git", target: "gitops", operation: { branch: "main" } }),
      of("seb-bundle-v1", { ver: 1, files: { "actions/deploy.yaml": "ver: 1\n" } }),
      of("seb-live-v1", "registry.example/checkout@sha256:aa"),
      of("seb-live-v1", 12),
      of("seb-proposal-v1", { z: [1, "\u20ac"], a: null }),
    ],
    thumbprints: Object.values(keys).map(({ id, jwk, kid }) => ({ name: id, jwk, kid })),
  };
}
