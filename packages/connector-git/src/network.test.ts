import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Connector } from "@seb/connector";
import { always, change, connect, contractOf, LOOK, newCertId, observed, opened, soon } from "../test/change.js";
import { HttpHost } from "../test/http-host.js";
import { GitRig } from "../test/rig.js";

const SECRET = "s3cr3t-hunter2";
const BASE64 = Buffer.from(`broker:${SECRET}`).toString("base64");

let rig: GitRig;
let host: HttpHost;
let credentialFile: string;
beforeEach(async () => {
  rig = await GitRig.start();
  host = await HttpHost.start(rig, `broker:${SECRET}`);
  credentialFile = join(rig.folder, "credential");
  await writeFile(credentialFile, `broker:${SECRET}\n`, { mode: 0o600 });
});
afterEach(async () => {
  await host.stop();
  await rig.stop();
});

const connectHttp = (more: { gitTimeoutMs?: number } = {}): Connector =>
  connect(rig, { target: { url: host.url, credential_file: credentialFile }, ...more });

describe("a repository behind HTTP", () => {
  it("is observed and changed with the credential", async () => {
    const result = await change(connectHttp());
    expect(result).toEqual({ state: "executed", result: { commit: await rig.head(), branch: "main" } });
    expect(new Set(host.authorizations)).toEqual(new Set([`Basic ${BASE64}`]));
  });

  it("is not left in doubt: a push cut off before it arrived is unknown, and fenced it is not executed", async () => {
    const connector = connectHttp();
    const certId = newCertId();
    const { precondition } = await observed(connector);
    const session = await opened(connector, contractOf(precondition), { certId });
    const before = await rig.head();
    host.fate = "cut before";
    expect(await session.execute(always)).toMatchObject({ state: "unknown" });
    host.fate = "served";
    expect(await connector.fence(certId, contractOf(precondition), soon())).toMatchObject({ ok: true });
    const found = await connector.reconcile(certId, contractOf(precondition), soon());
    expect(found).toEqual({ ok: true, value: { state: "not_executed" } });
    expect(await rig.head()).toBe(before);
  });

  it.each(["cut after", "silent after"] as const)(
    "whose answer is %s is unknown, and is found executed",
    async (fate) => {
      const connector = connectHttp({ gitTimeoutMs: 1_500 });
      const certId = newCertId();
      const { precondition } = await observed(connector);
      const session = await opened(connector, contractOf(precondition), { certId });
      host.fate = fate;
      expect(await session.execute(always)).toMatchObject({ state: "unknown" });
      const commit = await rig.head();
      expect(await rig.ref(`refs/seb/${certId}`)).toBe(commit);
      host.fate = "served";
      expect(await connector.fence(certId, contractOf(precondition), soon())).toMatchObject({ ok: true });
      const found = await connector.reconcile(certId, contractOf(precondition), soon());
      expect(found).toEqual({ ok: true, value: { state: "executed", result: { commit, branch: "main" } } });
    },
  );

  it("stops a push that was on its way when the fence was set", async () => {
    const [paused, taking] = [connectHttp(), connect(rig)];
    const certId = newCertId();
    const { precondition } = await observed(paused);
    const before = await rig.head();
    host.onPush = async () => {
      host.onPush = undefined;
      await taking.fence(certId, contractOf(precondition), soon());
    };
    const session = await opened(paused, contractOf(precondition), { certId });
    expect(await session.execute(always)).toMatchObject({ state: "not_executed", code: "fence_lost" });
    expect(await rig.head()).toBe(before);
  });

  it("that is aborted while it is pushed to is unknown, soon", async () => {
    const connector = connectHttp();
    const { precondition } = await observed(connector);
    const controller = new AbortController();
    const session = await opened(connector, contractOf(precondition), { signal: controller.signal });
    host.fate = "silent after";
    host.onPush = async () => void setTimeout(() => controller.abort(), 100);
    const started = Date.now();
    expect(await session.execute(always)).toMatchObject({ state: "unknown" });
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  it("that is gone is target_unavailable, and then nothing was executed", async () => {
    const connector = connectHttp();
    const { precondition } = await observed(connector);
    const session = await opened(connector, contractOf(precondition));
    await host.stop();
    expect(await session.execute(always)).toMatchObject({ state: "not_executed", code: "target_unavailable" });
    const seen = await connector.observe({ ...LOOK, signal: soon() });
    expect(seen).toMatchObject({ ok: false, error: { code: "target_unavailable" } });
  });
});

describe("a credential", () => {
  it.each([
    ["of somebody else", `broker:wrong-${SECRET}`, 0o600],
    ["readable by others", `broker:${SECRET}`, 0o644],
    ["of another shape", SECRET, 0o600],
    ["of two lines", `broker:${SECRET}\nX-Other: ${SECRET}`, 0o600],
  ])("%s is target_unavailable, and no answer repeats it", async (_title, text, mode) => {
    await writeFile(credentialFile, text);
    await chmod(credentialFile, mode);
    const connector = connectHttp();
    const certId = newCertId();
    const contract = contractOf({});
    const answers = [
      await connector.observe({ ...LOOK, signal: soon() }),
      await connector.fence(certId, contract, soon()),
      await connector.reconcile(certId, contract, soon()),
    ];
    for (const answer of answers) expect(answer).toMatchObject({ ok: false, error: { code: "target_unavailable" } });
    expect(JSON.stringify(answers)).not.toMatch(new RegExp(`hunter2|${BASE64}`));
  });

  it("that is rotated is used without a new connector", async () => {
    await writeFile(credentialFile, "broker:old");
    const connector = connectHttp();
    expect(await connector.observe({ ...LOOK, signal: soon() })).toMatchObject({ ok: false });
    await writeFile(credentialFile, `broker:${SECRET}`);
    expect(await connector.observe({ ...LOOK, signal: soon() })).toMatchObject({ ok: true });
  });

  it("stands on no command line, and no setting of the user or of the broker's environment reaches git", async () => {
    const [bin, log] = [join(rig.folder, "bin"), join(rig.folder, "log")];
    const { PATH: path = "" } = process.env;
    await mkdir(bin);
    const script = `#!/bin/sh\necho "$@" >> ${log}\nPATH=${path} exec git "$@"\n`;
    await writeFile(join(bin, "git"), script, { mode: 0o755 });
    const set = { PATH: `${bin}:${path}`, GIT_DIR: "/nowhere", GIT_TRACE: `${log}.trace`, GIT_SSH_COMMAND: "false" };
    const saved = Object.fromEntries(Object.keys(set).map((name) => [name, process.env[name]]));
    Object.assign(process.env, set);
    try {
      expect(await change(connectHttp())).toMatchObject({ state: "executed" });
    } finally {
      for (const [name, value] of Object.entries(saved)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
    const lines = await readFile(log, "utf8");
    expect(lines).toContain("push ");
    expect(lines).not.toMatch(new RegExp(`hunter2|${BASE64}`));
    await expect(readFile(`${log}.trace`)).rejects.toThrow();
  });

  it("does not follow a redirect", async () => {
    const seen: unknown[] = [];
    const thief = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(404).end();
    });
    const mover = createServer((request, response) => {
      const { port } = thief.address() as AddressInfo;
      response.writeHead(301, { location: `http://127.0.0.1:${port}${request.url}` }).end();
    });
    for (const server of [thief, mover]) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(mover.address() as AddressInfo).port}/target.git`;
    const connector = connect(rig, { target: { url, credential_file: credentialFile } });
    expect(await connector.observe({ ...LOOK, signal: soon() })).toMatchObject({ ok: false });
    expect(seen).toEqual([]);
    for (const server of [thief, mover]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
