import { spoilJson, spoilJsonText, spoilProof, spoilText, spoilToken } from "./mutations.mjs";
import { routesOf } from "./routes.mjs";
import { digest, proof } from "./tokens.mjs";

const METHODS = [
  "GET",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "PRI",
  "get",
  "FOO",
  "P\u00d6ST",
  "",
];
const HOSTS = ["", "evil.example", "127.0.0.1:1, 127.0.0.1:2", "a b", "x".repeat(300), "\u00e4"];

/**
 * The request with this index. `{service, kind, bytes, answers, slowMs, cut, secrets}`: `answers` is how many answers must come at least,
 * `slowMs` the pause in the middle, `cut` whether the client ends its side, `secrets` what no problem may repeat.
 */
export function requestOf(random, materials, mayBeSlow) {
  const shape = random.weighted([
    [10, "valid"],
    [14, "json"],
    [10, "json-text"],
    [14, "proof"],
    [12, "token"],
    [7, "method"],
    [9, "path"],
    [12, "headers"],
    [8, "parser"],
    [3, "partial"],
    [3, "pipeline"],
    [mayBeSlow ? 0.6 : 0, "slow"],
  ]);
  if (shape === "parser") return parserLevel(random, materials);
  if (shape === "pipeline") return pipeline(random, materials);
  const parts = compose(random, materials, shape);
  const bytes = write(parts);
  const more = {
    service: parts.service,
    kind: shape,
    bytes,
    answers: 1,
    secrets: parts.secrets,
    head: parts.method === "HEAD",
  };
  if (shape === "partial")
    return { ...more, bytes: bytes.subarray(0, random.int(bytes.length)), answers: 0, cut: true };
  if (shape === "slow") return { ...more, slowMs: 13_000, bytes, cutAt: 1 + random.int(bytes.length - 1) };
  return more;
}

/** The parts of one request, spoiled where the shape says so. */
function compose(random, materials, shape) {
  const route = random.weighted(routesOf(materials))(random);
  const body = shape === "json" && route.body !== undefined ? spoilJson(random, route.body) : route.body;
  let payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body) ?? "");
  if (shape === "json-text") payload = Buffer.from(spoilJsonText(random, JSON.stringify(route.body ?? {})));
  const url = `${materials.urls[route.service]}${route.path}`;
  const token = route.presented ? presentedToken(random, materials, shape) : undefined;
  const headers = [["host", new URL(url).host]];
  if (payload !== undefined) headers.push(["content-type", "application/json"]);
  if (route.idempotent) headers.push(["idempotency-key", random.text(24)]);
  if (token !== undefined) headers.push(["authorization", `DPoP ${token}`]);
  const made = route.proved ? proofOf(random, materials, shape, { route, url, body, token }) : undefined;
  if (made !== undefined) headers.push(["dpop", made]);
  const parts = {
    service: route.service,
    method: route.method,
    target: route.query === undefined ? route.path : `${route.path}?${route.query}`,
    version: "HTTP/1.1",
    headers,
    payload,
    framing: "length",
    secrets: [token, made].filter((secret) => secret !== undefined && secret.length > 24),
  };
  return respell(random, shape, parts);
}

function presentedToken(random, materials, shape) {
  const { certificate, observation, keys } = materials;
  if (shape !== "token") return certificate;
  return random.chance(0.15) ? random.pick([observation, keys.agent.kid]) : spoilToken(random, certificate);
}

function proofOf(random, materials, shape, { route, url, body, token }) {
  const request = {
    method: route.method,
    url,
    jti: random.text(24) + Date.now().toString(36),
    ...(body === undefined ? {} : { op: opOf(body) }),
    ...(token === undefined ? {} : { token }),
  };
  if (shape !== "proof") return proof(materials.keys.agent, request);
  const key = random.chance(0.2) ? materials.keys.stranger : materials.keys.agent;
  if (random.chance(0.4)) return spoilToken(random, proof(key, request));
  return proof(key, request, random.chance(0.1) ? undefined : spoilProof(random));
}

function opOf(body) {
  try {
    return digest("seb-op-v1", body);
  } catch {
    return `sha256:${"0".repeat(64)}`;
  }
}

function respell(random, shape, parts) {
  if (shape === "method") return { ...parts, method: random.pick(METHODS) };
  if (shape === "path") return { ...parts, target: spoilPath(random, parts.target) };
  if (shape === "headers") return spoilHeaders(random, parts);
  return parts;
}

function spoilPath(random, path) {
  return random.pick([
    () => `${path}/`,
    () => `/${path}`,
    () => path.replace("/v1/", "/v1/../v1/"),
    () => path.replace("/v1/", "/v1/%2e%2e/"),
    () => path.replace("/v1/", "/v1%2f"),
    () => path.toUpperCase(),
    () => `${path}%00`,
    () => `${path}?a=1&a=2`,
    () => `${path}?${random.text(30)}=%ff`,
    () => `${path}?${"x".repeat(3000)}`,
    () => `http://evil.example${path}`,
    () => "*",
    () => `${path};a=b`,
    () => `${path}\u00e4`,
    () => `/${random.text(200)}`,
    () => "/".repeat(1 + random.int(60)),
    () => `${path}#fragment`,
    () => spoilText(random, path).replace(/[\s]/g, ""),
    () => "",
    () => `/v1/${random.pick(["__proto__", "constructor", "toString", "..", "."])}`,
  ])();
}

const HEADER_WAYS = [
  (random, { headers }) => headers.push(random.pick(headers)),
  (random, { headers }) =>
    headers.push(["authorization", random.pick(["Bearer abc", "DPoP", "Basic Og==", "DPoP a b", ""])]),
  (random, { headers }) => headers.push(["dpop", random.pick(["", "a.b.c", ".".repeat(100), "x".repeat(9000)])]),
  (random, { headers }) => headers.push([`x-${random.text(8)}`, "y".repeat(random.pick([10, 1000, 9000, 20_000]))]),
  (random, { headers }) => headers.push(...Array.from({ length: 1500 }, (_, at) => [`h${at}`, random.text(2)])),
  (random, { headers }) => headers.push(["content-encoding", random.pick(["gzip", "identity", "br, gzip"])]),
  (random, { headers }) => headers.push(["expect", random.pick(["100-continue", "200-ok", ""])]),
  (random, { headers }) =>
    headers.push(["transfer-encoding", random.pick(["chunked", "gzip", "gzip, chunked", "identity", "Chunked "])]),
  (random, { headers }) =>
    headers.push(["content-length", random.pick(["0", "5", "-1", "1e3", "99999999999", "5, 5", "+5", "0x5"])]),
  (random, { headers }) =>
    headers.push(["idempotency-key", random.pick(["", "short", "x".repeat(200), "a b c d e f g h i j"])]),
  (random, { headers }) => headers.push([random.pick(["bad name", "", "na\u0000me", "na:me", "\u00e4"]), "v"]),
  (random, { headers }) => headers.push(["x-control", random.pick(["a\u0000b", "a\u0007b", "\u00ff\u00fe", "a\rb"])]),
  (_random, { headers }) => headers.push(["upgrade", "websocket"], ["connection", "upgrade"]),
  (_random, { headers }) => headers.push(["x-forwarded-host", "evil.example"], ["forwarded", "host=evil.example"]),
  (_random, { headers }) => headers.push(["folded", "a\r\n b"]),
  (random, parts) => {
    parts.headers = parts.headers.filter(
      ([name]) => name !== random.pick(["host", "content-type", "dpop", "authorization"]),
    );
  },
  (random, { headers }) => {
    headers[0] = ["host", random.pick(HOSTS)];
  },
  (random, parts) => {
    const types = [
      "text/plain",
      "application/json; charset=latin1",
      "application/JSON",
      "application/xml",
      "",
      "application/json, text/plain",
    ];
    parts.headers = parts.headers.map(([name, value]) => [name, name === "content-type" ? random.pick(types) : value]);
  },
  (_random, parts) => {
    parts.framing = "chunked";
  },
  (_random, parts) => {
    parts.framing = "none";
  },
  (random, parts) => {
    parts.version = random.pick(["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.2", "http/1.1", "HTP/1.1"]);
  },
];

function spoilHeaders(random, given) {
  const parts = { ...given, headers: [...given.headers] };
  for (let left = 1 + random.int(2); left > 0; left -= 1) random.pick(HEADER_WAYS)(random, parts);
  return parts;
}

function write({ method, target, version, headers, payload, framing }) {
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  const body = payload ?? Buffer.alloc(0);
  const chunked = framing === "chunked" && payload !== undefined;
  if (chunked) lines.push("transfer-encoding: chunked");
  else if (framing === "length" && payload !== undefined) lines.push(`content-length: ${body.length}`);
  if (!lines.some((line) => line.startsWith("connection:"))) lines.push("connection: close");
  const head = Buffer.from(`${method} ${target} ${version}\r\n${lines.join("\r\n")}\r\n\r\n`, "latin1");
  if (!chunked) return Buffer.concat([head, body]);
  const size = Buffer.from(`${body.length.toString(16)}\r\n`);
  const last = Buffer.from(body.length === 0 ? "\r\n" : "\r\n0\r\n\r\n");
  return Buffer.concat([head, size, body, last]);
}

/** Bytes that are no HTTP, or nearly. */
function parserLevel(random, materials) {
  const service = random.pick(["signer", "broker", "revocation"]);
  const host = new URL(materials.urls[service]).host;
  const post = (headers, body = "") => `POST /v1/executions HTTP/1.1\r\nhost: ${host}\r\n${headers}\r\n\r\n${body}`;
  const json = "content-type: application/json\r\n";
  const text = random.pick([
    () => random.bytes(1 + random.int(300)),
    () => "GET / HTTP/1.1\n\n",
    () => `GET  /healthz HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
    () => `GET /healthz\r\n\r\n`,
    () => `GET /healthz HTTP/1.1\r\n host: ${host}\r\n\r\n`,
    () => `GET /healthz HTTP/1.1 extra\r\nhost: ${host}\r\n\r\n`,
    () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    () => "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
    () => `GET /${"a".repeat(20_000)} HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
    () => `GET /healthz HTTP/1.1\r\nhost: ${host}\r\nx: ${"b".repeat(30_000)}\r\n\r\n`,
    () => post(`${json}content-length: 5\r\ntransfer-encoding: chunked`, "0\r\n\r\n"),
    () => post(`${json}content-length: 5\r\ncontent-length: 6`, "{}"),
    () => post(`${json}content-length: abc`, "{}"),
    () => post(`${json}transfer-encoding: chunked`, "zz\r\n{}\r\n0\r\n\r\n"),
    () => post(`${json}transfer-encoding: chunked`, "ffffffffffffffff\r\n{}"),
    () => post(`${json}transfer-encoding: chunked`, "2;ext=\u0000\r\n{}\r\n0\r\n\r\n"),
    () => post(`${json}transfer-encoding: chunked\r\ntransfer-encoding: chunked`, "2\r\n{}\r\n0\r\n\r\n"),
    () => post(`${json}transfer-encoding : chunked`, "2\r\n{}\r\n0\r\n\r\n"),
    () => `${random.text(1 + random.int(40), "ABC \r\n:/.0")}\r\n\r\n`,
    () => `CONNECT evil.example:443 HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
  ])();
  const bytes = typeof text === "string" ? Buffer.from(text, "latin1") : text;
  // The client ends its side, so that what is no whole request is answered at once and not at the server's timeout.
  return { service, kind: "parser", bytes, answers: 0, cut: true, secrets: [] };
}

/** Several requests in one write; only the last one asks to close. */
function pipeline(random, materials) {
  const service = random.pick(["signer", "broker", "revocation"]);
  const host = new URL(materials.urls[service]).host;
  const count = 2 + random.int(4);
  const paths = ["/healthz", "/v1/nothing", "/readyz", "/v1/executions", "/v1/actions", "/v1/status"];
  const bytes = Array.from({ length: count }, (_, at) => {
    const last = at === count - 1 ? "connection: close\r\n" : "";
    return Buffer.from(`GET ${random.pick(paths)} HTTP/1.1\r\nhost: ${host}\r\n${last}\r\n`, "latin1");
  });
  return { service, kind: "pipeline", bytes: Buffer.concat(bytes), answers: count, secrets: [] };
}
