import { createServer } from "node:net";
import { describe, expect, it } from "@jest/globals";
import { fail, ok } from "@seb/schema";
import { createHttpService } from "../http-service.js";
import { createLog } from "../log.js";
import { createMetrics } from "../metrics.js";
import { StartError } from "../start-error.js";
import { type Round, runMain, type ServiceMain } from "./run.js";

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

async function reasons(port: number): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
  if (answer === undefined || answer.ok) return answer && [];
  const body: { facts?: { reasons?: unknown } } = JSON.parse(await answer.text());
  return body.facts?.reasons;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let left = 200; left > 0; left -= 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("not within 5 s");
}

/** A service that is nothing but its HTTP shell, and whose opening the test decides on. */
function serviceMain(port: number, open: (round: Round) => void): ServiceMain<string> {
  return {
    name: "test",
    opens: { wire: [1], opens: { "seb-cert+jwt": [1] } },
    read: async (file) => (file === "good.yaml" ? ok(file) : fail("setting_invalid", "wrong", { pointer: "/x" })),
    check: async () => ok([]),
    address: () => ({ host: "127.0.0.1", port }),
    async open(_settings, round) {
      open(round);
      const { log, metrics } = round;
      const options = { name: "test", host: "127.0.0.1", port, routes: [], readiness: () => [], metrics, log };
      const http = createHttpService(options);
      return { start: () => http.listen(), stop: () => http.close({ drainMs: 100 }) };
    },
  };
}

describe("a service's process", () => {
  it("ends with 2 on wrong use and wrong settings, with 0 when they can be read", async () => {
    const main = serviceMain(0, () => undefined);
    expect(await runMain(main, [])).toBe(2);
    expect(await runMain(main, ["--unknown"])).toBe(2);
    expect(await runMain(main, ["--config", "bad.yaml", "--check-config"])).toBe(2);
    expect(await runMain(main, ["--config", "good.yaml", "--check-config"])).toBe(0);
    expect(await runMain(main, ["--help"])).toBe(0);
  });

  it("ends with 1 and says why when another process has its address", async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, "127.0.0.1", () => {
        const address = taken.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    const http = createHttpService({
      name: "test",
      host: "127.0.0.1",
      port,
      routes: [],
      readiness: () => [],
      metrics: createMetrics("test"),
      log: createLog({ name: "test" }),
    });
    await expect(http.listen()).rejects.toMatchObject({ failure: { code: "setting_invalid" } });
    expect(
      await runMain(
        serviceMain(port, () => undefined),
        ["--config", "good.yaml"],
      ),
    ).toBe(1);
    await new Promise((resolve) => taken.close(resolve));
  });

  it("waits with reasons for what is missing, serves, opens anew after a loss, and drains on SIGTERM", async () => {
    const port = await freePort();
    let missing = true;
    let closed = 0;
    const rounds: Round[] = [];
    const ended = runMain(
      serviceMain(port, (round) => {
        round.closers.add(() => {
          closed += 1;
        });
        if (missing) throw new StartError(fail("store_unavailable", "no answer").error, "redis");
        rounds.push(round);
      }),
      ["--config", "good.yaml"],
    );
    await until(async () => JSON.stringify(await reasons(port)) === '["redis: store_unavailable"]');
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/v1/anything`)).status).toBe(503);
    missing = false;
    await until(async () => JSON.stringify(await reasons(port)) === "[]");
    const attempts = closed;
    expect(attempts).toBeGreaterThan(0);
    rounds[0]?.broken();
    await until(async () => rounds.length === 2 && JSON.stringify(await reasons(port)) === "[]");
    expect(closed).toBe(attempts + 1);
    process.emit("SIGTERM");
    expect(await ended).toBe(0);
    expect(await reasons(port)).toBeUndefined();
  });

  it("does not start over broken records", async () => {
    const broken = () => {
      throw new StartError(fail("records_broken", "line 3").error, "records");
    };
    expect(await runMain(serviceMain(await freePort(), broken), ["--config", "good.yaml"])).toBe(1);
  });
});
