import { describe, expect, it } from "@jest/globals";
import { exchangeRaw, parseAnswers } from "./test/raw-http.js";
import { problemOf, startService } from "./test/service.js";

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: t\r\n\r\n`;

describe("load", () => {
  it("refuses more requests at a time than its bound, and still says that it lives", async () => {
    const { service, port } = await startService({ maxConcurrent: 1 });
    const first = exchangeRaw(port, get("/v1/slow"), { idleMs: 50 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await problemOf(port, get("/v1/slow"))).code).toBe("overloaded");
    expect(parseAnswers(await exchangeRaw(port, get("/healthz")))[0]?.status).toBe(200);
    expect(parseAnswers(await first)[0]?.status).toBe(200);
    await service.close({ drainMs: 100 });
  });
});

describe("readiness", () => {
  it("names the reasons", async () => {
    const { service, port } = await startService({}, () => ["no_active_bundle"]);
    const answer = await problemOf(port, get("/readyz"));
    expect(answer.code).toBe("not_ready");
    expect(answer.problem.facts).toEqual({ reasons: ["no_active_bundle"] });
    await service.close({ drainMs: 100 });
  });
});

describe("drain", () => {
  it("lets a request in work end, refuses a new one on a kept connection, and takes no new connection", async () => {
    const { service, port } = await startService();
    const slow = exchangeRaw(port, [get("/v1/slow"), get("/v1/slow")]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const closed = service.close({ drainMs: 2000 });
    expect(await exchangeRaw(port, get("/healthz"))).toBe("");
    const answers = parseAnswers(await slow);
    expect(answers[0]?.status).toBe(200);
    expect(answers.slice(1).every(({ status }) => status === 503 || status === 200)).toBe(true);
    await closed;
  });

  it("cuts what outlasts its time", async () => {
    const { service, port } = await startService();
    const slow = exchangeRaw(port, get("/v1/slow"));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const startedMs = Date.now();
    await service.close({ drainMs: 20 });
    expect(Date.now() - startedMs).toBeLessThan(200);
    expect(await slow).toBe("");
  });
});
