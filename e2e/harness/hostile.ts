import { createHmac } from "node:crypto";
import { CompactSign, type CryptoKey, importJWK } from "jose";
import { type KeyFile, publicPart, sign } from "./agent.js";
import { newKey } from "./forge.js";
import { plusGroupOrder, withUnusedBits } from "./signatures.js";

/** What a hostile token is made from. */
export interface Honest {
  /** An honest token of the kind. */
  readonly token: string;
  /** The key that signed it. Where a hostile token is signed with it, the attack supposes a signer that was tricked or robbed. */
  readonly key: KeyFile;
  /** Address at which a canary listens. */
  readonly canary: string;
}
/** Name, how it is made, the code it is refused with, and whether the gate or the signature refuses it. */
export type Hostile = readonly [
  name: string,
  make: (of: Honest) => string | Promise<string>,
  code: string,
  step: "token" | "signature",
];

const encode = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const segments = ({ token }: Honest) => token.split(".") as [string, string, string];
const headerOf = (of: Honest): Record<string, unknown> =>
  JSON.parse(Buffer.from(segments(of)[0], "base64url").toString("utf8"));
const payloadText = (of: Honest) => Buffer.from(segments(of)[1], "base64url").toString("utf8");

/** The honest token under another header, with the signature it had. */
const headed = (changes: Record<string, unknown>) => (of: Honest) => {
  const [, payload, signature] = segments(of);
  return `${encode({ ...headerOf(of), ...changes })}.${payload}.${signature}`;
};
/** The honest payload, really signed by the right key under another header. */
const signedUnder = (changes: (of: Honest) => Record<string, unknown>) => (of: Honest) =>
  sign({ ...headerOf(of), ...changes(of) }, payloadText(of), of.key.jwk);
/** Any payload text, really signed by the right key under the honest header. */
const signedText = (change: (text: string) => string) => (of: Honest) =>
  sign(headerOf(of), change(payloadText(of)), of.key.jwk);
/** Any header text, really signed by the right key over header and payload. */
const signedHeader = (change: (text: string) => string) => async (of: Honest) => {
  const header = encode(change(JSON.stringify(headerOf(of))));
  const [, payload] = segments(of);
  const { subtle } = globalThis.crypto;
  const key = (await importJWK(of.key.jwk, "Ed25519")) as CryptoKey;
  const signature = await subtle.sign("Ed25519", key, Buffer.from(`${header}.${payload}`));
  return `${header}.${payload}.${Buffer.from(signature).toString("base64url")}`;
};
const withSignature = (signature: (old: Buffer) => Buffer) => (of: Honest) => {
  const [header, payload, old] = segments(of);
  return `${header}.${payload}.${signature(Buffer.from(old, "base64url")).toString("base64url")}`;
};
const hmac = (secretOf: (of: Honest) => string | Buffer) => (of: Honest) => {
  const input = `${encode({ ...headerOf(of), alg: "HS256" })}.${segments(of)[1]}`;
  return `${input}.${createHmac("sha256", secretOf(of)).update(input).digest("base64url")}`;
};

const STRANGER: KeyFile = await newKey("certificate");
const UNKNOWN = "U".repeat(43);

const ALGORITHMS: readonly Hostile[] = [
  ...["none", "None", "NONE", "nOnE"].flatMap((alg): Hostile[] => [
    [`alg ${alg} without a signature`, (of) => headed({ alg })(of).replace(/[^.]+$/, ""), "token_malformed", "token"],
    [`alg ${alg} with the signature it had`, headed({ alg }), "token_alg_not_allowed", "token"],
  ]),
  [
    "HS256 with the public key's bytes",
    hmac(({ key }) => Buffer.from(key.jwk.x ?? "", "base64url")),
    "token_alg_not_allowed",
    "token",
  ],
  ["HS256 with the public key as text", hmac(({ key }) => key.jwk.x ?? ""), "token_alg_not_allowed", "token"],
  [
    "HS256 with the public JWK",
    hmac(({ key }) => JSON.stringify(publicPart(key.jwk))),
    "token_alg_not_allowed",
    "token",
  ],
  ...["EdDSA", "ed25519", "RS256", "ES384", "PS512", "", null, 1, ["Ed25519"]].map(
    (alg): Hostile => [`alg ${JSON.stringify(alg)}`, headed({ alg }), "token_alg_not_allowed", "token"],
  ),
  ["the label of the other algorithm", headed({ alg: "ES256" }), "token_alg_not_allowed", "signature"],
  [
    "ES256 and a signature of zeros",
    (of) => headed({ alg: "ES256" })(of).replace(/[^.]+$/, "A".repeat(86)),
    "token_alg_not_allowed",
    "signature",
  ],
];

const SIGNATURES: readonly Hostile[] = [
  ["a signature of zeros", withSignature((old) => Buffer.alloc(old.length)), "token_signature_invalid", "signature"],
  ["a signature cut short", withSignature((old) => old.subarray(1)), "token_signature_invalid", "signature"],
  [
    "a signature grown longer",
    withSignature((old) => Buffer.concat([old, old])),
    "token_signature_invalid",
    "signature",
  ],
  [
    "one bit of the signature turned",
    withSignature((old) => Buffer.from(old.map((byte, at) => (at === 9 ? byte ^ 1 : byte)))),
    "token_signature_invalid",
    "signature",
  ],
  ["an empty signature", (of) => segments(of).slice(0, 2).join(".").concat("."), "token_malformed", "token"],
  ["no signature", (of) => segments(of).slice(0, 2).join("."), "token_malformed", "token"],
  ["a detached payload", (of) => `${segments(of)[0]}..${segments(of)[2]}`, "token_malformed", "token"],
  ["a fourth segment", (of) => `${of.token}.AAAA`, "token_malformed", "token"],
  ["five segments, as encrypted tokens have", (of) => `${of.token}.AAAA.AAAA`, "token_malformed", "token"],
  [
    "one byte of the payload changed",
    (of) => {
      const [header, , signature] = segments(of);
      return `${header}.${encode(payloadText(of).replace('"ver":1', '"ver":2'))}.${signature}`;
    },
    "token_signature_invalid",
    "signature",
  ],
  [
    "a stranger's signature under the signer's key id",
    (of) => sign(headerOf(of), payloadText(of), STRANGER.jwk),
    "token_signature_invalid",
    "signature",
  ],
  [
    "a stranger's key that the header brings along",
    (of) => sign({ ...headerOf(of), jwk: publicPart(STRANGER.jwk) }, payloadText(of), STRANGER.jwk),
    "token_header_invalid",
    "token",
  ],
  [
    "a stranger's key at an address",
    (of) => sign({ ...headerOf(of), jku: `${of.canary}/jwks.json` }, payloadText(of), STRANGER.jwk),
    "token_header_invalid",
    "token",
  ],
];

const HEADERS: readonly Hostile[] = [
  ...(
    [
      ["jwk", ({ key }) => publicPart(key.jwk)],
      ["jku", ({ canary }) => `${canary}/jwks.json`],
      ["x5u", ({ canary }) => `${canary}/chain.pem`],
      ["x5c", () => ["MIIB"]],
      ["x5t", () => "AAAA"],
      ["zip", () => "DEF"],
      ["cty", () => "JWT"],
      ["nonce", () => "x"],
      ["iss", () => "signer:dev"],
    ] satisfies [string, (of: Honest) => unknown][]
  ).map(
    ([member, value]): Hostile => [
      `the header ${member}, signed by the right key`,
      signedUnder((of) => ({ [member]: value(of) })),
      "token_header_invalid",
      "token",
    ],
  ),
  [
    "the header crit, signed by the right key",
    signedHeader((text) => text.replace("{", '{"crit":["exp"],"exp":1,')),
    "token_header_invalid",
    "token",
  ],
  [
    "the header b64, signed by the right key",
    signedHeader((text) => text.replace("{", '{"b64":false,"crit":["b64"],')),
    "token_header_invalid",
    "token",
  ],
  [
    "the header alg twice",
    signedHeader((text) => text.replace("{", '{"alg":"none",')),
    "token_header_invalid",
    "token",
  ],
  [
    "the header __proto__",
    signedHeader((text) => text.replace("{", '{"__proto__":{"kid":"x"},')),
    "token_header_invalid",
    "token",
  ],
  ["a header that is a list", signedHeader((text) => `[${text}]`), "token_header_invalid", "token"],
  ["a header that is no JSON", signedHeader((text) => text.slice(1)), "token_header_invalid", "token"],
  ["a header behind a byte order mark", signedHeader((text) => `\ufeff${text}`), "token_header_invalid", "token"],
  [
    "a header nested 900 deep",
    signedHeader((text) => text.replace("{", `{"x":${"[".repeat(900)}${"]".repeat(900)},`)),
    "token_header_invalid",
    "token",
  ],
  ["no typ", signedUnder(() => ({ typ: undefined })), "token_header_invalid", "token"],
  ["no kid", signedUnder(() => ({ kid: undefined })), "token_header_invalid", "token"],
  ...["JWT", "at+jwt", "dpop+jwt", "seb-none+jws"].map(
    (typ): Hostile => [
      `typ ${typ}, signed by the right key`,
      signedUnder(() => ({ typ })),
      "token_typ_not_allowed",
      "token",
    ],
  ),
  [
    "its own typ in capitals",
    signedUnder((of) => ({ typ: String(headerOf(of).typ).toUpperCase() })),
    "token_typ_not_allowed",
    "token",
  ],
  [
    "its own typ in full",
    signedUnder((of) => ({ typ: `application/${headerOf(of).typ}` })),
    "token_typ_not_allowed",
    "token",
  ],
];

const KIDS: readonly Hostile[] = [
  ...(
    [
      ["a path", () => "../../keys/signer-certificate.json"],
      ["an absolute path", () => "/dev/null"],
      ["SQL", () => "' OR '1'='1' --"],
      ["__proto__", () => "__proto__"],
      ["constructor", () => "constructor"],
      ["toString", () => "toString"],
      ["an address", ({ canary }) => `${canary}/key`],
      ["nothing", () => ""],
      ["1 KB", () => "k".repeat(1000)],
      ["its own and a line end", (of) => `${headerOf(of).kid}\n`],
    ] satisfies [string, (of: Honest) => string][]
  ).map(
    ([name, kid]): Hostile => [
      `a kid that is ${name}`,
      signedUnder((of) => ({ kid: kid(of) })),
      "token_header_invalid",
      "token",
    ],
  ),
  ...[null, 7, true, ["a"], {}].map(
    (kid): Hostile => [`a kid that is ${JSON.stringify(kid)}`, headed({ kid }), "token_header_invalid", "token"],
  ),
  ["a kid that nobody knows", signedUnder(() => ({ kid: UNKNOWN })), "token_key_unknown", "signature"],
  [
    "a kid in another case",
    signedUnder((of) => ({ kid: swapCase(String(headerOf(of).kid)) })),
    "token_key_unknown",
    "signature",
  ],
];

const PAYLOADS: readonly Hostile[] = [
  ["a claim twice", signedText((text) => text.replace("{", '{"ver":1,')), "token_malformed", "token"],
  ["an infinite time", signedText((text) => text.replace(/"iat":\d+/, '"iat":1e999')), "token_malformed", "token"],
  [
    "a time beyond 2^53",
    signedText((text) => text.replace(/"exp":\d+/, '"exp":9007199254740993')),
    "token_malformed",
    "token",
  ],
  ["half a surrogate pair", signedText((text) => text.replace("{", '{"x":"\\ud800",')), "token_malformed", "token"],
  [
    "nesting 900 deep",
    signedText((text) => text.replace("{", `{"x":${"[".repeat(900)}${"]".repeat(900)},`)),
    "token_malformed",
    "token",
  ],
  ["a list of claims", signedText((text) => `[${text}]`), "token_malformed", "token"],
  ["text behind the claims", signedText((text) => `${text}{}`), "token_malformed", "token"],
  ["a byte order mark", signedText((text) => `\ufeff${text}`), "token_malformed", "token"],
  ["no claims but a word", signedText(() => '"claims"'), "token_malformed", "token"],
  ["a token nested in a token", async (of) => sign(headerOf(of), of.token, of.key.jwk), "token_malformed", "token"],
  [
    "bytes that are not UTF-8",
    async (of) => {
      const bytes = Buffer.from(payloadText(of).replace("{", '{"x":"?",'), "utf8");
      bytes[bytes.indexOf("?")] = 0xff;
      const key = await importJWK(of.key.jwk, "Ed25519");
      return new CompactSign(bytes).setProtectedHeader({ ...headerOf(of), alg: "Ed25519" }).sign(key);
    },
    "token_malformed",
    "token",
  ],
  ["12 KB", signedText((text) => text.replace("{", `{"x":"${"x".repeat(8000)}",`)), "token_too_large", "token"],
];

const SPELLINGS: readonly Hostile[] = [
  ["padding", (of) => `${of.token}=`, "token_malformed", "token"],
  ["more padding", (of) => `${of.token}==`, "token_malformed", "token"],
  ["padding inside", (of) => of.token.replace(".", "=."), "token_malformed", "token"],
  [
    "unused bits of the last character",
    (of) => of.token.slice(0, -1) + withUnusedBits(of.token.slice(-1)),
    "token_malformed",
    "token",
  ],
  ["encoded dots", (of) => of.token.replaceAll(".", "%2E"), "token_malformed", "token"],
  ["a dot in front", (of) => `.${of.token}`, "token_malformed", "token"],
  ["a dot behind", (of) => `${of.token}.`, "token_malformed", "token"],
  ["quotation marks", (of) => `"${of.token}"`, "token_malformed", "token"],
  [
    "the alphabet of plain base64",
    (of) => {
      const [header, payload, signature] = segments(of);
      const plain = Buffer.from(signature, "base64url").toString("base64").replaceAll("=", "");
      return `${header}.${payload}.${/[+/]/.test(plain) ? plain : `+${plain.slice(1)}`}`;
    },
    "token_malformed",
    "token",
  ],
  ["two tokens, joined", (of) => `${of.token},${of.token}`, "token_malformed", "token"],
  [
    "JSON serialization",
    (of) => {
      const [header, payload, signature] = segments(of);
      return JSON.stringify({ protected: header, payload, signature });
    },
    "token_malformed",
    "token",
  ],
  [
    "general JSON serialization",
    (of) => {
      const [header, payload, signature] = segments(of);
      return JSON.stringify({ payload, signatures: [{ protected: header, signature }] });
    },
    "token_malformed",
    "token",
  ],
  [
    "a header in another order",
    (of) => {
      const [, payload, signature] = segments(of);
      return `${encode(Object.fromEntries(Object.entries(headerOf(of)).toReversed()))}.${payload}.${signature}`;
    },
    "token_signature_invalid",
    "signature",
  ],
  [
    "a header with white space",
    (of) => {
      const [, payload, signature] = segments(of);
      return `${encode(JSON.stringify(headerOf(of), null, 1))}.${payload}.${signature}`;
    },
    "token_signature_invalid",
    "signature",
  ],
  [
    "a number added to the signature that its group does not see",
    withSignature(plusGroupOrder),
    "token_signature_invalid",
    "signature",
  ],
];

/** Every token of the list that any kind of token can be turned into. */
export const HOSTILE_TOKENS: readonly Hostile[] = [
  ...ALGORITHMS,
  ...SIGNATURES,
  ...HEADERS,
  ...KIDS,
  ...PAYLOADS,
  ...SPELLINGS,
];

/** Spellings of the very same token, or of the very same signed bytes. */
export const OTHER_SPELLINGS: readonly Hostile[] = SPELLINGS;

function swapCase(text: string): string {
  return text.replace(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
}
