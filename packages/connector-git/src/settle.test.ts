import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { always, change, connect, contractOf, newCertId, observed, opened, soon } from "../test/change.js";
import { DEPLOYMENT, GitRig, MANIFEST } from "../test/rig.js";

let rig: GitRig;
beforeEach(async () => {
  rig = await GitRig.start();
});
afterEach(() => rig.stop());

const CONTRACT = contractOf({});

describe("reconcile", () => {
  it("finds a change by another broker's connector, without its cache", async () => {
    const certId = newCertId();
    const result = await change(connect(rig), certId);
    await rig.commit({ "README.md": "later\n" });
    expect(await connect(rig).reconcile(certId, CONTRACT, soon())).toEqual({ ok: true, value: result });
  });

  it("says when the branch was rewritten and the commit is no longer on it", async () => {
    const before = await rig.head();
    const certId = newCertId();
    const result = await change(connect(rig), certId);
    if (result.state !== "executed") throw new Error(result.state);
    await rig.git(["update-ref", "refs/heads/main", before]);
    expect(await connect(rig).reconcile(certId, CONTRACT, soon())).toEqual({
      ok: true,
      value: { state: "executed", result: { ...result.result, reachable: "false" } },
    });
  });

  it("cannot tell what a marker means that it did not write", async () => {
    const connector = connect(rig);
    const blob = await rig.git(["hash-object", "-w", "--stdin"], rig.url, "x");
    for (const oid of [blob, await rig.head(), await rig.git(["rev-parse", "main^{tree}"])]) {
      const certId = newCertId();
      await rig.git(["update-ref", `refs/seb/${certId}`, oid]);
      expect(await connector.reconcile(certId, CONTRACT, soon())).toMatchObject({
        ok: true,
        value: { state: "cannot_tell" },
      });
    }
  });

  it("does not take the marker of one certificate for another's", async () => {
    const [certId, other] = [newCertId(), newCertId()];
    await change(connect(rig), certId);
    await rig.git(["update-ref", `refs/seb/${other}`, await rig.head()]);
    expect(await connect(rig).reconcile(other, CONTRACT, soon())).toMatchObject({ value: { state: "cannot_tell" } });
  });
});

describe("fence", () => {
  it("set by several at once is one fence, or none where the change was first", async () => {
    const connectors = [connect(rig), connect(rig), connect(rig)];
    const certId = newCertId();
    const { precondition } = await observed(connect(rig));
    const session = await opened(connect(rig), contractOf(precondition), { certId });
    const [result, ...fences] = await Promise.all([
      session.execute(always),
      ...connectors.map((connector) => connector.fence(certId, contractOf(precondition), soon())),
    ]);
    expect(fences.every((fence) => "ok" in fence && fence.ok)).toBe(true);
    const found = await connect(rig).reconcile(certId, CONTRACT, soon());
    expect(found).toMatchObject({ ok: true, value: { state: result.state } });
    const changed = (await rig.read(DEPLOYMENT)) !== MANIFEST;
    expect(result.state).toBe(changed ? "executed" : "not_executed");
  });

  it("is target_refused where the repository takes no marker refs", async () => {
    await rig.hook("update", 'case "$1" in refs/seb/*) exit 1;; esac; exit 0');
    expect(await connect(rig).fence(newCertId(), CONTRACT, soon())).toMatchObject({
      ok: false,
      error: { code: "target_refused" },
    });
  });

  it("and reconcile refuse an id that is none", async () => {
    const connector = connect(rig);
    for (const certId of ["", "main", "../heads/main", `c_${"a".repeat(25)}*`]) {
      const answers = [
        await connector.fence(certId, CONTRACT, soon()),
        await connector.reconcile(certId, CONTRACT, soon()),
      ];
      for (const answer of answers) expect(answer).toMatchObject({ ok: false, error: { code: "target_refused" } });
    }
  });
});

describe("a push that hangs in the repository's hooks", () => {
  it.each([
    ["before the change", "pre-receive", "not_executed"],
    ["after the change", "post-receive", "executed"],
  ])("%s is unknown after the time limit, and settled by fence and marker", async (_title, hook, state) => {
    const connector = connect(rig, { gitTimeoutMs: 1_000 });
    const certId = newCertId();
    const { precondition } = await observed(connector);
    const session = await opened(connector, contractOf(precondition), { certId });
    await rig.hook(hook, "sleep 20");
    expect(await session.execute(always)).toMatchObject({ state: "unknown" });
    await rig.hook(hook, "exit 0");
    expect(await connector.fence(certId, CONTRACT, soon())).toMatchObject({ ok: true });
    expect(await connector.reconcile(certId, CONTRACT, soon())).toMatchObject({ ok: true, value: { state } });
  });
});
