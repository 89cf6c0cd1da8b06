import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { ExecuteResult } from "@seb/connector";
import type { Contract } from "@seb/schema";
import {
  always,
  change,
  connect,
  contractOf,
  FILLED,
  newCertId,
  OPERATION,
  observed,
  opened,
  soon,
  TEMPLATE,
} from "../test/change.js";
import { CONFIG, DEPLOYMENT, GitRig, MANIFEST, NEW_IMAGE, OLD_IMAGE } from "../test/rig.js";

let rig: GitRig;
beforeEach(async () => {
  rig = await GitRig.start();
});
afterEach(() => rig.stop());

const CHANGED = MANIFEST.replace(OLD_IMAGE, NEW_IMAGE).replace("replicas: 3 #", "replicas: 7 #");
const verdict = (result: ExecuteResult) => (result.state === "not_executed" ? result.code : result.state);
const nameOf = (index: number) => `apps/service-${index}/deployment.yaml`;

/** The same operation on another file. */
function onFile<O extends { edits: readonly object[] }>(operation: O, path: string): O {
  return { ...operation, edits: operation.edits.map((edit) => ({ ...edit, path })) };
}

describe("the commit", () => {
  it("stands on the head, changes one file, and names action, resource, certificate and subject", async () => {
    const before = await rig.head();
    const certId = newCertId();
    const nowMs = () => 1_700_000_123_456;
    const connector = connect(rig, { target: { author_name: "Ops", author_email: "ops@example.org" }, nowMs });
    const { precondition } = await observed(connector);
    const session = await opened(connector, contractOf(precondition), { certId, notAfterMs: nowMs() + 1 });
    expect(session.identity).toBe("held:git:gitops");
    const result = await session.execute(always);
    expect(result).toEqual({ state: "executed", result: { commit: await rig.head(), branch: "main" } });
    expect(await rig.git(["show", "-s", "--format=%P|%an|%ae|%cn|%ce|%ct|%s|%b", "main"])).toBe(
      `${before}|Ops|ops@example.org|Ops|ops@example.org|1700000123|deploy service:checkout/region:us-east-1|` +
        `SEB-Certificate: ${certId}\nSEB-Subject: agent:oncall-v3\n`,
    );
    expect(await rig.git(["diff", "--name-only", before, "main"])).toBe(DEPLOYMENT);
    expect(await rig.read(DEPLOYMENT)).toBe(CHANGED);
    expect(await rig.ref(`refs/seb/${certId}`)).toBe(await rig.head());
  });

  it("is known from then on as git sees it: blob id, root and text, for the changed file and the others", async () => {
    await rig.commit({ [CONFIG]: '{"size": 1}\n' });
    const live = { image: { at: "/spec/replicas", show: true }, size: { at: `${CONFIG}#/size`, show: true } };
    const connector = connect(rig);
    const before = await observed(connector, { live });
    expect(verdict(await change(connector))).toBe("executed");
    const own = await observed(connector, { live });
    expect(own).toEqual({ ...(await observed(connect(rig), { live })) });
    expect(own.uid).toBe(before.uid);
    expect(own.precondition[`blob:${DEPLOYMENT}`]).toBe(
      /[0-9a-f]{40}$/.exec((await rig.tree())[DEPLOYMENT] ?? "")?.[0],
    );
    expect(own.version).toBe(await rig.head());
  });

  it("leaves the target with the branch and the marker, nothing else", async () => {
    const certId = newCertId();
    await change(connect(rig), certId);
    expect(await rig.git(["for-each-ref", "--format=%(refname)"])).toBe(`refs/heads/main\nrefs/seb/${certId}`);
  });

  it("changes several files of both formats together and keeps their modes", async () => {
    await rig.commit({ [`100755:${CONFIG}`]: '{ "size": 1 }\n' });
    const json = { path: CONFIG, format: "json", set: { "/size": 2 } };
    const connector = connect(rig);
    const template = { ...TEMPLATE, edits: [...TEMPLATE.edits, json] };
    const { precondition } = await observed(connector, { operation: template });
    const operation = { ...OPERATION, operation: { ...FILLED, edits: [...FILLED.edits, json] } };
    const session = await opened(connector, contractOf(precondition, template), { operation });
    expect(verdict(await session.execute(always))).toBe("executed");
    expect(await rig.read(CONFIG)).toBe('{ "size": 2 }\n');
    expect(await rig.read(DEPLOYMENT)).toBe(CHANGED);
    expect((await rig.tree())[CONFIG]).toMatch(/^100755 /);
  });

  it("is made also when the file already says so: the certificate was used", async () => {
    await rig.commit({ [DEPLOYMENT]: CHANGED });
    const before = await rig.head();
    expect(verdict(await change(connect(rig)))).toBe("executed");
    expect(await rig.git(["rev-parse", "main^"])).toBe(before);
    expect(await rig.git(["diff", "--name-only", before, "main"])).toBe("");
  });

  it("goes to the branch that the target is configured for when the operation names none", async () => {
    await rig.git(["update-ref", "refs/heads/live/prod", await rig.head()]);
    const main = await rig.head();
    const connector = connect(rig, { target: { branch: "live/prod" } });
    const template = { edits: TEMPLATE.edits };
    const { precondition } = await observed(connector, { operation: template });
    const operation = { ...OPERATION, operation: { edits: FILLED.edits } };
    const session = await opened(connector, contractOf(precondition, template), { operation });
    expect(await session.execute(always)).toMatchObject({ state: "executed", result: { branch: "live/prod" } });
    expect(await rig.read(DEPLOYMENT, "live/prod")).toBe(CHANGED);
    expect(await rig.head()).toBe(main);
  });
});

describe("many at once", () => {
  it("on different files of one repository all get through", async () => {
    const files = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [nameOf(index), MANIFEST]));
    await rig.commit(files);
    const connector = connect(rig);
    const results = await Promise.all(
      Object.keys(files).map(async (path) => {
        const template = onFile(TEMPLATE, path);
        const { precondition } = await observed(connector, { operation: template, live: {} });
        const operation = { ...OPERATION, operation: onFile(FILLED, path) };
        return (await opened(connector, contractOf(precondition, template), { operation })).execute(always);
      }),
    );
    expect(results.map(verdict)).toEqual(results.map(() => "executed"));
    for (const path of Object.keys(files)) expect(await rig.read(path)).toBe(CHANGED);
    expect(await rig.git(["rev-list", "--count", "--first-parent", "main"])).toBe("14");
  });

  it("on the same file happens once; the others find it drifted", async () => {
    const connectors = [connect(rig), connect(rig), connect(rig)];
    const results = await Promise.all(connectors.map((connector) => change(connector)));
    const verdicts = results.map(verdict).sort();
    expect(verdicts.filter((one) => one === "executed").length).toBeGreaterThanOrEqual(1);
    const commits = Number(await rig.git(["rev-list", "--count", "main"]));
    expect(commits - 1).toBe(verdicts.filter((one) => one === "executed").length);
    expect(verdicts.filter((one) => one !== "executed").every((one) => one === "state_drifted")).toBe(true);
  });

  it("gives up after five pushes when the branch moves before each of them", async () => {
    const connector = connect(rig);
    const { precondition } = await observed(connector);
    const session = await opened(connector, contractOf(precondition));
    let guards = 0;
    const result = await session.execute(async () => {
      guards += 1;
      await rig.commit({ "README.md": `${guards}\n` });
      return true;
    });
    expect(verdict(result)).toBe("target_unavailable");
    expect(guards).toBe(5);
    expect(await rig.read(DEPLOYMENT)).toBe(MANIFEST);
  });
});

describe("nothing is executed", () => {
  it.each([
    ["pre-receive", "exit 1"],
    ["update", '[ "$1" = refs/heads/main ] && exit 1; exit 0'],
    ["update", 'case "$1" in refs/seb/*) exit 1;; esac; exit 0'],
  ])("when the %s hook of the repository refuses (%#)", async (hook, script) => {
    await rig.hook(hook, script);
    const before = await rig.head();
    const certId = newCertId();
    expect(verdict(await change(connect(rig), certId))).toBe("target_refused");
    expect(await rig.head()).toBe(before);
    expect(await rig.ref(`refs/seb/${certId}`)).toBe("");
  });

  it("when the certificate's window has ended by the connector's clock", async () => {
    const connector = connect(rig);
    const { precondition } = await observed(connector);
    const session = await opened(connector, contractOf(precondition), { notAfterMs: Date.now() - 1 });
    expect(verdict(await session.execute(always))).toBe("expired");
    expect(await rig.read(DEPLOYMENT)).toBe(MANIFEST);
  });

  it("when the certified file became a link or is gone", async () => {
    const connector = connect(rig);
    const contract = contractOf((await observed(connector)).precondition);
    for (const files of [{ [`120000:${DEPLOYMENT}`]: "x" }, { [DEPLOYMENT]: null }]) {
      await rig.commit(files);
      expect(verdict(await (await opened(connector, contract)).execute(always))).toBe("state_drifted");
    }
  });

  it("when a file that is only looked at has changed", async () => {
    await rig.commit({ [CONFIG]: '{"size": 1}\n' });
    const connector = connect(rig);
    const live = { size: { at: `${CONFIG}#/size`, show: true } };
    const contract = contractOf((await observed(connector, { live })).precondition);
    await rig.commit({ [CONFIG]: '{"size": 2}\n' });
    expect(verdict(await (await opened(connector, contract)).execute(always))).toBe("state_drifted");
  });

  it("when the value there has another type", async () => {
    await rig.commit({ [DEPLOYMENT]: MANIFEST.replace("replicas: 3", 'replicas: "3"') });
    expect(verdict(await change(connect(rig)))).toBe("target_refused");
  });

  it("when git hangs before it has sent anything", async () => {
    const connector = connect(rig, { gitTimeoutMs: 1 });
    const seen = await connector.observe({ target: "gitops", operation: TEMPLATE, live: {}, signal: soon() });
    expect(seen).toMatchObject({ ok: false, error: { code: "target_unavailable" } });
  });
});

describe("open refuses", () => {
  it.each<[string, Partial<Contract>, object]>([
    ["a precondition of another connector", { precondition: { "uid:x": "1" } }, {}],
    ["a precondition on a path outside", { precondition: { "blob:../x": "1".repeat(40) } }, {}],
    ["a precondition that is no object id", { precondition: { [`blob:${DEPLOYMENT}`]: "HEAD" } }, {}],
    ["a file that is not certified", { precondition: { "blob:other.yaml": "1".repeat(40) } }, {}],
    ["no precondition", { precondition: {} }, {}],
    ["a parameter that is still open", {}, { operation: { ...OPERATION, operation: TEMPLATE } }],
    [
      "another branch than the target's",
      {},
      { operation: { ...OPERATION, operation: { ...FILLED, branch: "other" } } },
    ],
    ["a subject of two lines", {}, { subject: "agent:x\nSEB-Certificate: c_forged" }],
    ["an id that is none", {}, { cert_id: "../heads/main" }],
  ])("%s", async (_title, contract, request) => {
    const connector = connect(rig, { target: { branch: "main" } });
    const { precondition } = await observed(connector);
    const answer = await connector.open({
      cert_id: newCertId(),
      subject: "agent:oncall-v3",
      contract: { ...contractOf(precondition), ...contract },
      operation: OPERATION,
      fence: 1,
      not_after_ms: Date.now() + 60_000,
      signal: soon(),
      ...request,
    });
    expect(answer).toMatchObject({ ok: false, error: { code: "target_refused" } });
  });
});
