// Ways to spoil values, JSON texts and tokens. Each takes the choices of one request and what it spoils.

const STRANGE = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  "",
  " ",
  "\u0000",
  "\u202e",
  "é",
  "e\u0301",
  "__proto__",
  "constructor",
  "../../etc/passwd",
  "' OR 1=1 --",
  "{{service.path}}",
  "$(id)",
  "%00",
  "a".repeat(300),
  [],
  {},
  [[]],
  { $open: "replicas" },
];

/** A copy of a JSON value with one place changed: replaced, left out, or joined by another member. */
export function spoilJson(random, value) {
  const copy = structuredClone(value);
  const nodes = [];
  const walk = (node) => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      nodes.push([node, key]);
      walk(node[key]);
    }
  };
  walk(copy);
  if (nodes.length === 0 || random.chance(0.05)) return random.pick(STRANGE);
  const [node, key] = random.pick(nodes);
  const how = random.int(5);
  if (how === 0) {
    if (Array.isArray(node)) node.splice(Number(key), 1);
    else delete node[key];
  } else if (how === 1 && !Array.isArray(node))
    node[random.pick(["extra", "__proto__x", "toString", key.toUpperCase()])] = 1;
  else if (how === 2 && typeof node[key] === "string") node[key] = spoilText(random, node[key]);
  else node[key] = random.pick(STRANGE);
  return copy;
}

/** A text with one character changed, added or lost. */
export function spoilText(random, text) {
  const at = random.int(text.length + 1);
  const other = random.pick(["", "A", "=", ".", " ", "\u00e4", "\n", "-", "_", "\u0000", "~"]);
  return text.slice(0, at) + other + text.slice(at + random.int(2));
}

/** JSON text that is no strict JSON, or more than it may be. */
export function spoilJsonText(random, text) {
  const ways = [
    () => text.slice(0, random.int(text.length)),
    () => `${text}${random.pick(["}", "x", "{}", "\u0000", ","])}`,
    () => text.replace("{", '{"action":1,"action":2,'),
    () => text.replace("{", '{"\\ud800":1,'),
    () => text.replace("{", '{"big":9007199254740993,'),
    () => text.replace("{", '{"big":1e999,'),
    () => text.replace(/"/g, "'"),
    () => `\ufeff${text}`,
    () => `${"[".repeat(40)}${"]".repeat(40)}`,
    () => "[".repeat(20_000),
    () => `{"a":"${"x".repeat(70_000)}"}`,
    () => `{"a":"${"x".repeat(300_000)}"}`,
    () => text.replace(/:/, ":NaN,"),
    () => text.replace(/:/, ":-0e,"),
    () => Buffer.concat([Buffer.from(text.slice(0, 5)), random.bytes(4), Buffer.from(text.slice(5))]),
    () => Buffer.from(text, "utf16le"),
    () => random.bytes(random.int(400)),
    () => "",
    () => "null",
  ];
  return random.pick(ways)();
}

/** A token that is nearly one. */
export function spoilToken(random, token) {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const again = (part, change) =>
    Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(part, "base64url"))))).toString("base64url");
  const withHeader = (change) => () => `${again(header, (it) => ({ ...it, ...change }))}.${payload}.${signature}`;
  const ways = [
    () => spoilText(random, token).replace(/[^!-~]/g, ""),
    () => `${header}.${payload}.`,
    () => `${header}.${payload}.${"A".repeat(86)}`,
    () => `${header}..${signature}`,
    () => `${token}=`,
    () => `${token}.${signature}`,
    () => `${token.slice(0, -1)}${random.pick(["A", "Q", "g", "w"])}`,
    withHeader({ alg: "none" }),
    withHeader({ alg: "HS256" }),
    withHeader({ alg: "ES256" }),
    withHeader({ typ: "JWT" }),
    withHeader({ typ: random.pick(["seb-status+jws", "seb-record+jws", "seb-order+jws", "seb-cert+jwt"]) }),
    withHeader({ kid: random.pick(["../key", "__proto__", "' OR 1=1", "A".repeat(43), 7, null]) }),
    withHeader({ jku: "http://127.0.0.1:9/jwks.json", crit: ["b64"], b64: false }),
    () => `${header}.${again(payload, (it) => spoilJson(random, it))}.${signature}`,
    () => JSON.stringify({ protected: header, payload, signature }),
    () => ".".repeat(random.int(3000)),
    () => "A".repeat(random.int(7000)),
    () => random.text(random.int(200), "ABCxyz019-_."),
    () => `${header}.${payload}`,
  ];
  return random.pick(ways)();
}

/** What a signed proof may say wrongly; the signature still holds. */
export function spoilProof(random) {
  const claim =
    (name, values) =>
    ({ header, claims }) => {
      const changed = { ...claims };
      const value = random.pick(values);
      if (value === undefined) delete changed[name];
      else changed[name] = value;
      return { header, claims: changed };
    };
  const head =
    (change) =>
    ({ header, claims }) => ({ header: { ...header, ...change }, claims });
  return random.pick([
    claim("htm", ["get", "PUT", 1, undefined]),
    claim("htu", ["http://127.0.0.1:9/v1/executions", "javascript:1", "", 3, undefined]),
    claim("iat", [0, -1, 1e12, 1.5, "now", null, undefined, Math.floor(Date.now() / 1000) + 3600]),
    claim("jti", ["", "short", "x".repeat(500), {}, undefined]),
    claim("op", ["sha256:0", `sha256:${"0".repeat(64)}`, 7, undefined]),
    claim("ath", ["", "A".repeat(43), [], undefined]),
    claim("nonce", ["n"]),
    head({ alg: "none" }),
    head({ alg: "HS256" }),
    head({ alg: "ES256" }),
    head({ typ: "JWT" }),
    head({ kid: "k" }),
    head({ crit: ["b64"], b64: false }),
    head({ jwk: { kty: "OKP", crv: "Ed25519", x: "A".repeat(43) } }),
    head({ jwk: { kty: "OKP", crv: "Ed25519", x: "AQ" } }),
    head({ jwk: { kty: "oct", k: "AAAA" } }),
    head({ jwk: { kty: "EC", crv: "P-256", x: "A".repeat(43), y: "A".repeat(43) } }),
    head({ jwk: null }),
    head({ jwk: undefined }),
  ]);
}
