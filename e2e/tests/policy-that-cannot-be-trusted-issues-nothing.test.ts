import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { type Answer, http } from "../harness/agent.js";
import {
  activate,
  bundleFile,
  type ControlFiles,
  installBundle,
  readControl,
  withYaml,
  writeControl,
} from "../harness/control.js";
import { type Environment, startEnvironment, until } from "../harness/environment.js";
import { giveOrder, giveOrderByTwo } from "../harness/orders.js";
import { certify, hotfix, OPERATION, verdict } from "../harness/scene.js";

let world: Environment;
let control: ControlFiles;
let issuedBefore: number;
let headBefore: string;
const issued = () => world.ledger.find("signer", "issued").length;
const ask = () => world.agent.request(hotfix(world));

beforeAll(async () => {
  world = await startEnvironment();
  control = readControl(world);
});
afterAll(() => world?.cleanup());
beforeEach(() => {
  issuedBefore = issued();
  headBefore = world.gitops.head();
});
afterEach(() => expect(world.gitops.head()).toBe(headBefore));

/** The answer is this refusal, it holds no certificate, and the signer's journal has none either. */
function expectNothing(answer: Answer, expected: Record<string, unknown>): void {
  expect(verdict(answer)).toEqual(expected);
  expect(answer.body.certificate).toBeUndefined();
  expect(issued()).toBe(issuedBefore);
}

describe("policy that cannot be trusted issues nothing", () => {
  const HIDDEN = 'permit (principal, action, resource)\nwhen { context.region == "mars" && context.luck > 3 };\n';
  const BROKEN: readonly [string, string, (text: string) => string][] = [
    ["a policy that cannot be parsed", "policy/10-auto-low-risk.cedar", (text) => text.replace("when {", "when")],
    ["a policy that knows no such fact", "policy/10-auto-low-risk.cedar", (text) => text.replace("risk", "luck")],
    [
      "a policy that knows no such fact, where no test of the bundle comes to it",
      "policy/10-auto-low-risk.cedar",
      (text) => `${text}\n@id("hidden")\n@rank("11")\n${HIDDEN}`,
    ],
    ["a policy without an id", "policy/10-auto-low-risk.cedar", (text) => text.replace(/@id.*\n/, "")],
    [
      "two policies of one id",
      "policy/20-emergency-rollback.cedar",
      (text) => text.replace(/@id.*\n/, '@id("human-approved")\n'),
    ],
    ["policies that fail their own tests", "policy/10-auto-low-risk.cedar", (text) => text.replace("<= 30", "<= 99")],
    [
      "an operation that its connector does not understand",
      "actions/deploy.yaml",
      (text) => text.replace("format: yaml", "format: toml"),
    ],
    [
      "a service whose values make an operation that its connector does not understand",
      "services/checkout.yaml",
      (text) => text.replace("path: apps/checkout/us-east-1", "path: ../checkout/us-east-1"),
    ],
    ["a definition of unknown shape", "actions/deploy.yaml", (text) => `${text}\nshell: rm -rf /\n`],
    [
      "a mode for an action that does not exist",
      "policy/modes.yaml",
      (text) => `${text}  drop:\n    default: enforce\n    services: {}\n`,
    ],
  ];
  let good: string;
  beforeAll(async () => {
    good = await activate(world, control);
  });
  const active = async () => (await http(`${world.urls.revocation}/v1/revocations`)).body.bundle;
  const signerReady = async () => http(`${world.urls.signer}/readyz`);

  /** What the command says of a folder; asked again where a busy machine leaves its policy tests no time. */
  async function judgement(folder: string): Promise<{ readonly exit: number | null; readonly code: unknown }> {
    const args = ["policy", "activate", "--control", folder, "--reason", "a test", "--json"];
    let judged: { readonly exit: number | null; readonly code: unknown } = { exit: 0, code: "deadline_exceeded" };
    for (let tries = 0; tries < 8 && judged.code === "deadline_exceeded"; tries++) {
      const done = await world.run("seb", args);
      judged = { exit: done.code, code: JSON.parse(done.stdout).code };
    }
    return judged;
  }

  it.each(BROKEN)("%s is not activated", async (name, path, change) => {
    const changed = change(control[path] ?? "");
    expect(changed).not.toBe(control[path]);
    const folder = writeControl(join(world.folder, name.replaceAll(" ", "-")), { ...control, [path]: changed });
    const judged = await judgement(folder);
    expect(judged).toEqual({
      exit: 1,
      code: expect.stringMatching(/^(bundle_unreadable|catalogue_invalid)$/),
    });
    expect(await active()).toBe(good);
  });

  it("one operator activates nothing", async () => {
    const other = installBundle(world, { ...control, "policy/windows.yaml": `${control["policy/windows.yaml"]}\n` });
    expect(verdict(await giveOrder(world, { do: "activate", bundle: other, wire: 1 }))).toMatchObject({
      code: "order_pending",
    });
    expect(await active()).toBe(good);
  });

  it("a bundle of the same names with other bytes is refused: at activation, and when the signer opens it", async () => {
    const text = readFileSync(bundleFile(world, good), "utf8");
    const permissive = text.replace("context.risk <= 30 &&", "");
    expect(permissive).not.toBe(text);
    writeFileSync(bundleFile(world, good), permissive);
    const again = await giveOrder(world, { do: "activate", bundle: good, wire: 1 });
    expect(verdict(again)).toMatchObject({ status: 503, code: "bundle_invalid" });

    await world.stopService("signer");
    await world.startService("signer");
    expect((await signerReady()).status).toBe(503);
    expectNothing(await ask(), { status: 503, code: "bundle_invalid", step: "authenticate" });
    writeFileSync(bundleFile(world, good), text);
    await until("the signer is ready again", async () => (await signerReady()).status === 200);
    expect((await ask()).status).toBe(201);
  });

  it("a certificate of the earlier bundle's policy of the same name is refused", async () => {
    const certificate = await certify(world);
    await activate(world, {
      ...control,
      "policy/10-auto-low-risk.cedar": `// Other bytes.\n${control["policy/10-auto-low-risk.cedar"]}`,
    });
    const answer = await world.agent.execute(certificate, OPERATION);
    expect(verdict(answer)).toEqual({ status: 403, code: "epoch_stale", step: "policy" });
  });

  it("a bundle whose policies do not compile, activated past all checks, makes the signer refuse everything", async () => {
    const path = "policy/10-auto-low-risk.cedar";
    const bundle = await activate(world, { ...control, [path]: (control[path] ?? "").replace("risk", "luck") });
    expect(await active()).toBe(bundle);
    await until("the signer is not ready", async () => (await signerReady()).status === 503);
    expectNothing(await ask(), { status: 503, code: "bundle_invalid", step: "authenticate" });
    // Going back to the bundle before is all that it takes.
    expect((await giveOrderByTwo(world, { do: "activate", bundle: good, wire: 1 })).status).toBe(200);
    await until("the signer is ready again", async () => (await signerReady()).status === 200);
  });

  it("a forbidding policy that errs denies, though the permitting one holds", async () => {
    const errs = 'context.region == "us-east-1" && context.risk == 22 && context.risk * 9223372036854775807 > 0';
    const files = withYaml(control, "policy/thresholds.yaml", (numbers) => ({
      ...numbers,
      risk_weights: { ...(numbers.risk_weights as Record<string, number>), replicas_doubled: 2 },
    }));
    await activate(world, {
      ...files,
      "policy/95-errs.cedar": `@id("errs")\n@rank("95")\nforbid (principal, action, resource)\nwhen { ${errs} };\n`,
    });
    expect((await ask()).status).toBe(201);
    issuedBefore = issued();
    const answer = await world.agent.request(hotfix(world, { bounds: { max_replicas: 13 } }));
    expectNothing(answer, { status: 403, code: "policy_error", step: "policy" });
  });

  it("an unknown action, service or region: nothing", async () => {
    await activate(world, control);
    const unknown: [object, string][] = [
      [{ action: "drop" }, "agent_not_allowed"],
      [{ service: "payments" }, "service_unknown"],
      [{ region: "mars" }, "service_unknown"],
    ];
    for (const [change, code] of unknown) {
      const observed = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
      const observation = String(observed.body.observation);
      const answer = await world.agent.request(hotfix(world, change), { observation });
      expect(answer.body.code).toBe(code);
      expect(issued()).toBe(issuedBefore);
    }
  });
});
