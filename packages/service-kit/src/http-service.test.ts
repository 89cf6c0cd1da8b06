import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { exchangeRaw, parseAnswers } from "./test/raw-http.js";
import { problemOf, startService } from "./test/service.js";

let running: Awaited<ReturnType<typeof startService>>;
beforeAll(async () => {
  running = await startService({ headersTimeoutMs: 700, requestTimeoutMs: 900 });
});
afterAll(() => running.service.close({ drainMs: 100 }));

const HOST = "Host: t\r\n";
const JSON_TYPE = "Content-Type: application/json\r\n";
const get = (target: string, headers = "") => `GET ${target} HTTP/1.1\r\n${HOST}${headers}\r\n`;
const post = (body: string, headers = JSON_TYPE, target = "/v1/things") =>
  `POST ${target} HTTP/1.1\r\n${HOST}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const chunked = (chunks: string, headers = JSON_TYPE) =>
  `POST /v1/things HTTP/1.1\r\n${HOST}${headers}Transfer-Encoding: chunked\r\n\r\n${chunks}`;

describe("what is well formed is served", () => {
  it("hands the validated body, params and query to the handler", async () => {
    const [made] = parseAnswers(await exchangeRaw(running.port, post('{"name":"a"}')));
    expect(made?.status).toBe(201);
    expect(JSON.parse(made?.body ?? "")).toEqual({ name: "a" });
    const [got] = parseAnswers(await exchangeRaw(running.port, get("/v1/things/c_1?limit=3")));
    expect(JSON.parse(got?.body ?? "")).toEqual({ id: "c_1", limit: "3" });
    expect(got?.headers.get("cache-control")).toBe("no-store");
    expect(got?.headers.has("x-powered-by")).toBe(false);
  });

  it("reads chunked bodies, and sends 100 Continue only to heads it accepts", async () => {
    const [made] = parseAnswers(await exchangeRaw(running.port, chunked('c\r\n{"name":"a"}\r\n0\r\n\r\n')));
    expect(made?.status).toBe(201);
    const asked = parseAnswers(
      await exchangeRaw(running.port, post('{"name":"a"}', `${JSON_TYPE}Expect: 100-continue\r\n`)),
    );
    expect(asked.map(({ status }) => status)).toEqual([100, 201]);
    const refused = await problemOf(running.port, post("{}", "Expect: 100-continue\r\n"));
    expect(refused.code).toBe("unsupported_media_type");
  });

  it("answers HEAD like GET without a body", async () => {
    const [answer] = parseAnswers(await exchangeRaw(running.port, get("/v1/things/a").replace("GET", "HEAD")), true);
    expect(answer?.status).toBe(200);
    const missing = parseAnswers(await exchangeRaw(running.port, get("/nothing").replace("GET", "HEAD")), true);
    expect(missing.map(({ status }) => status)).toEqual([404]);
  });
});

describe("bad heads", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["an unknown path", get("/v2/things"), "not_found"],
    ["another case", get("/V1/things/a"), "not_found"],
    ["a trailing slash", get("/v1/things/a/"), "not_found"],
    ["an escape in the path", get("/v1/things/%61"), "uri_invalid"],
    ["an escaped slash", get("/v1/things/a%2fb"), "uri_invalid"],
    ["dots", get("/v1/things/../slow"), "uri_invalid"],
    ["an empty segment", get("/v1//things"), "uri_invalid"],
    ["a backslash", get("/v1\\things"), "uri_invalid"],
    ["absolute form", get("http://other/v1/slow"), "uri_invalid"],
    ["asterisk form", get("*").replace("GET", "OPTIONS"), "uri_invalid"],
    ["a long target", get(`/v1/things/a?limit=${"1".repeat(3000)}`), "uri_invalid"],
    ["a query key twice", get("/v1/things/a?limit=1&limit=2"), "uri_invalid"],
    ["an unknown query key", get("/v1/things/a?x=1"), "uri_invalid"],
    ["a query of broken escapes", get("/v1/things/a?limit=%ff"), "uri_invalid"],
    ["a wrong method", get("/v1/things"), "method_not_allowed"],
    ["OPTIONS", get("/v1/things").replace("GET", "OPTIONS"), "method_not_allowed"],
    ["TRACE", get("/v1/things").replace("GET", "TRACE"), "method_not_allowed"],
    ["CONNECT", get("other:443").replace("GET", "CONNECT"), "method_not_allowed"],
    ["no host", "GET /v1/slow HTTP/1.1\r\n\r\n", "header_invalid"],
    ["two hosts", get("/v1/slow", HOST), "header_invalid"],
    ["authorization twice", get("/v1/slow", "Authorization: DPoP a\r\nauthorization: DPoP b\r\n"), "header_invalid"],
    ["a proof twice", get("/v1/slow", "DPoP: a\r\nDPoP: a\r\n"), "header_invalid"],
    ["a key of other bytes", get("/v1/slow", "Idempotency-Key: k\u00e9\r\n"), "header_invalid"],
    ["an unknown expectation", get("/v1/slow", "Expect: wonders\r\n"), "header_invalid"],
    ["a body on GET", `${get("/v1/slow", "Content-Length: 2\r\n")}{}`, "body_unexpected"],
    ["a chunked body on GET", `${get("/v1/slow", "Transfer-Encoding: chunked\r\n")}0\r\n\r\n`, "body_unexpected"],
  ];
  it.each(cases)("%s", async (_name, bytes, code) => {
    const answer = await problemOf(running.port, Buffer.from(bytes, "latin1").toString("latin1"));
    expect(answer.code).toBe(code);
    if (code === "method_not_allowed") expect(answer.headers.get("allow")).toMatch(/POST/);
  });
});

describe("bad bytes, which only the parser sees", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["garbage", "\u0000\u0001garbage\r\n\r\n", "http_malformed"],
    ["a TLS hello", "\u0016\u0003\u0001\u0002\u0000", "http_malformed"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http_malformed"],
    ["another version", "GET / HTTP/3.9\r\n\r\n", "http_malformed"],
    ["an unknown method", "FETCH / HTTP/1.1\r\nHost: t\r\n\r\n", "http_malformed"],
    ["a space in a header name", "GET / HTTP/1.1\r\nHo st: t\r\n\r\n", "http_malformed"],
    ["a folded header", "GET / HTTP/1.1\r\nHost: t\r\nA: b\r\n c\r\n\r\n", "http_malformed"],
    ["both lengths", post("{}", "Transfer-Encoding: chunked\r\n"), "http_malformed"],
    ["two lengths", post("{}", "Content-Length: 2\r\n"), "http_malformed"],
    ["a negative length", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n", "http_malformed"],
    ["a bad chunk size", chunked("zz\r\n{}\r\n0\r\n\r\n"), "http_malformed"],
    ["large headers", get("/", `A: ${"a".repeat(20_000)}\r\n`), "http_headers_too_large"],
  ];
  it.each(cases)("%s", async (_name, bytes, code) => {
    const answer = await problemOf(running.port, bytes);
    expect(answer.code).toBe(code);
    expect(answer.headers.get("connection")).toBe("close");
    expect(running.refusals.at(-1)?.code).toBe(code);
  });

  it("answers 8 MB of header before it closes, however fast the sender is", async () => {
    const bytes = get("/", `Authorization: DPoP ${"a".repeat(8 * 1024 * 1024)}\r\n`);
    for (let round = 0; round < 12; round += 1) {
      expect((await problemOf(running.port, bytes)).code).toBe("http_headers_too_large");
    }
  });

  it("does not hide a duplicate behind thousands of other headers", async () => {
    const many = "a:\r\n".repeat(2500);
    const answer = await problemOf(running.port, get("/v1/slow", `DPoP: a\r\n${many}DPoP: b\r\n`));
    expect(answer.code).toBe("header_invalid");
  });

  it("lets a request in work answer before the garbage behind it", async () => {
    const answers = parseAnswers(await exchangeRaw(running.port, `${get("/v1/slow")}garbage\r\n\r\n`));
    expect(answers.map(({ status }) => status)).toEqual([200, 400]);
  });
});

describe("bad bodies", () => {
  const deep = `${"[".repeat(500)}${"]".repeat(500)}`;
  const cases: readonly (readonly [string, string, string])[] = [
    ["none", "POST /v1/things HTTP/1.1\r\nHost: t\r\n\r\n", "body_missing"],
    ["an empty chunked one", chunked("0\r\n\r\n"), "body_missing"],
    ["no type", post("{}", ""), "unsupported_media_type"],
    ["another type", post("{}", "Content-Type: text/json\r\n"), "unsupported_media_type"],
    ["another charset", post("{}", "Content-Type: application/json; charset=latin1\r\n"), "unsupported_media_type"],
    ["a compressed one", post("{}", `${JSON_TYPE}Content-Encoding: gzip\r\n`), "unsupported_media_type"],
    ["a foreign coding", chunked("0\r\n\r\n").replace("chunked", "gzip, chunked"), "header_invalid"],
    ["no JSON", post("{"), "json_syntax"],
    ["a key twice", post('{"name":"a","name":"b"}'), "json_duplicate_key"],
    ["deep", post(deep), "json_too_deep"],
    ["half a surrogate", post('{"name":"\\ud800"}'), "json_lone_surrogate"],
    ["an unsafe integer", post('{"name":9007199254740993}'), "json_unsafe_integer"],
    ["another field", post('{"name":"a","x":1}'), "request_invalid"],
    ["a wrong type", post('{"name":1}'), "request_invalid"],
    ["no object", post("[]"), "request_invalid"],
    ["a large one, announced", post(`"${"a".repeat(2000)}"`), "body_too_large"],
    ["a large one, chunked", chunked(`800\r\n${"a".repeat(2048)}\r\n0\r\n\r\n`), "body_too_large"],
  ];
  it.each(cases)("%s", async (_name, bytes, code) => {
    expect((await problemOf(running.port, bytes)).code).toBe(code);
  });

  it("bytes that are not UTF-8", async () => {
    const head = `POST /v1/things HTTP/1.1\r\n${HOST}${JSON_TYPE}Content-Length: 4\r\n\r\n`;
    const bytes = [head, new Uint8Array([0x22, 0xff, 0xfe, 0x22])];
    expect((await problemOf(running.port, bytes)).code).toBe("json_invalid_utf8");
  });

  it("names the wrong field by a pointer and echoes nothing", async () => {
    const answer = await problemOf(running.port, post('{"name":"a","sesame":"open-sesame"}'));
    expect(answer.problem.pointer).toBe("/sesame");
    expect(answer.body).not.toContain("open-sesame");
  });

  it("cuts off 8 MB after the bound, and the answer still arrives", async () => {
    const head = `POST /v1/things HTTP/1.1\r\n${HOST}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n`;
    const chunk = `10000\r\n${"a".repeat(65_536)}\r\n`;
    const answer = await problemOf(running.port, [head, ...Array<string>(128).fill(chunk)]);
    expect(answer.code).toBe("body_too_large");
  });
});

describe("slow clients", () => {
  it.each([
    ["nothing", ""],
    ["half a head", "GET /v1/slow HTTP/1.1\r\nHost:"],
    ["half a body", `POST /v1/things HTTP/1.1\r\n${HOST}${JSON_TYPE}Content-Length: 12\r\n\r\n{`],
  ])("are cut off when they send %s", async (_name, bytes) => {
    const startedMs = Date.now();
    const answer = await problemOf(running.port, bytes);
    expect(answer.code).toBe("http_timeout");
    expect(Date.now() - startedMs).toBeLessThan(3000);
  });
});

describe("bugs and refusals of handlers", () => {
  it("answer internal and log the error under the request id, without tokens", async () => {
    const answer = await problemOf(running.port, get("/v1/bug"));
    expect(answer.code).toBe("internal");
    expect(answer.body).not.toContain("secret detail");
    const line = running.lines.find(
      (text) => text.includes(String(answer.problem.request_id)) && text.includes("secret detail"),
    );
    expect(line).toBeDefined();
    expect(line).not.toContain("eyJ");
  });

  it("say on 401 how to prove possession and where to ask", async () => {
    const answer = await problemOf(running.port, get("/v1/locked"));
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(/^DPoP /);
    expect(answer.headers.get("link")).toContain("http://signer.test/v1/certificates");
  });
});

describe("metrics", () => {
  it("count by route, status and code, with labels from the table only", async () => {
    const text = await (await fetch(`${running.url}/metrics`)).text();
    expect(text).toContain('seb_requests_total{route="/v1/things",status="201",code="ok",service="test"}');
    expect(text).toContain('seb_requests_total{route="none",status="400",code="http_malformed",service="test"}');
    expect(text).not.toContain("/v2/things");
  });
});
