import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { http, type KeyFile, seal } from "../harness/agent.js";
import { type Environment, type ServiceName, startEnvironment, until } from "../harness/environment.js";
import { digestOfBytes, payloadOf } from "../harness/json.js";
import { giveOrder, giveOrderByTwo } from "../harness/orders.js";
import { type RecordVerifier, type Report, startRecordVerifier } from "../harness/record-verifier.js";
import { certify, hotfix, OPERATION } from "../harness/scene.js";
import { refusesItsChain } from "../harness/starts-not.js";
import { randomFrom, type Tampered, tamper } from "../harness/tamper.js";

const SERVICES = ["signer", "broker", "revocation"] as const;
const CHANGES = 1000;
/** So many of them also through the command line. */
const BY_COMMAND = 40;
const SEED = 20260314;

/** A copy of a real chain with the second place of its heads, and what the verifier says of it untouched. */
interface Copy {
  readonly service: ServiceName;
  readonly records: string;
  readonly heads: string;
  readonly file: string;
  readonly lines: readonly string[];
  /** Position of the last copied head. */
  readonly proved: number;
}

let world: Environment;
let verifier: RecordVerifier;
let running: readonly Copy[];
let closed: readonly Copy[];

/** Certified changes, refusals and orders, so that the chains hold what chains hold. */
async function live(rounds: number): Promise<void> {
  for (let n = 0; n < rounds; n++) {
    const replicas = 6 + ((n * 5) % 7);
    const certificate = await certify(world, { bounds: { max_replicas: replicas } });
    const operation = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas } };
    await world.agent.execute(certificate, { ...operation, parameters: { ...operation.parameters, replicas: 40 } });
    await world.agent.execute(certificate, operation);
    await world.agent.request(hotfix(world, { evidence: [] }));
    await world.agent.verify(certificate, { operation });
    await http(`${world.urls.broker}/v1/executions`, { body: operation });
    const target = { kind: "action", value: "scale" };
    await giveOrder(world, { do: "revoke", target });
    await giveOrderByTwo(world, { do: "lift", target });
  }
}

/** Copies a service's heads, then its records: as a reader of a running service finds them. */
async function copy(service: ServiceName): Promise<Copy> {
  const folder = mkdtempSync(join(world.folder, `copy-${service}-`));
  const [records, heads] = [join(folder, "records"), join(folder, "heads")];
  cpSync(join(world.seb, "heads", service), heads, { recursive: true });
  mkdirSync(records);
  const file = join(records, `${service}-1.jsonl`);
  cpSync(world.ledger.path(service), file);
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  const { chains } = await verifier.verify({ records, heads });
  return { service, records, heads, file, lines, proved: chains[0]?.provedTo?.seq ?? -1 };
}
const linesOf = (service: ServiceName) => readFileSync(world.ledger.path(service), "utf8").trimEnd().split("\n");
const audit = (records: string, heads: string, ...more: string[]) =>
  world.run("seb", ["audit", "verify", "--records", records, "--heads", heads, "--json", ...more]);

beforeAll(async () => {
  world = await startEnvironment();
  verifier = startRecordVerifier(world.seb);
  await live(2);
  await world.stop();
  await world.start();
  await world.stopService("broker");
  await world.startService("broker");
  await until("the broker is ready", async () => (await http(`${world.urls.broker}/readyz`)).status === 200);
  await live(2);
  running = await Promise.all(SERVICES.map(copy));
  await world.stop();
  closed = await Promise.all(SERVICES.map(copy));
});
afterAll(async () => {
  verifier?.close();
  await world?.cleanup();
});

describe("untouched", () => {
  it("chains that were closed verify from first to last record", async () => {
    for (const { records, heads, lines, proved } of closed) {
      const report = await verifier.verify({ records, heads });
      expect(report).toMatchObject({ verdict: "verified", chains: [{ records: lines.length, problems: [] }] });
      expect(proved).toBe(lines.length - 1);
    }
    const done = await world.run("seb", ["audit", "verify", "--json"]);
    expect(done.code).toBe(0);
    expect(JSON.parse(done.stdout).chains).toHaveLength(3);
  });

  it("chains that were still written are sound, their tail is not proved", async () => {
    for (const { records, heads } of running) {
      const report = await verifier.verify({ records, heads });
      expect(report).toMatchObject({ verdict: "tail_not_proved", chains: [{ problems: [] }] });
    }
    const { records, heads } = running[1] as Copy;
    expect((await audit(records, heads)).code).toBe(1);
    expect((await audit(records, heads, "--running")).code).toBe(0);
    // The copies are made so that some records lie behind the last copied head.
    expect(running.some(({ lines, proved }) => proved < lines.length - 1)).toBe(true);
  });
});

/** What the verifier must say: broken at that line, or tail not proved for a cut behind the last copied head. */
function expectNoticed({ chains, verdict }: Report, tampered: Tampered, copied: Copy): void {
  const behindTheHeads = tampered.cut && tampered.lines.length > copied.proved;
  const [chain] = chains;
  const { what, line } = tampered;
  const problem = chain?.problems.find((it) => it.line === line);
  // Whole records in a wrong place are told by their position, not only by their links.
  const displaced = !tampered.cut && ["deleted lines", "swapped lines", "repeated line"].includes(what);
  const kind = displaced ? /^(missing|out_of_order)$/ : /./;
  const located = { verdict: "broken", problem: { line, what: expect.stringMatching(kind) } };
  const expected = behindTheHeads ? { verdict: "tail_not_proved" } : located;
  expect({ what, line, verdict, problem }).toMatchObject({ what, line, ...expected });
}

describe(`${CHANGES} random changes of real chains (seed ${SEED})`, () => {
  const random = randomFrom(SEED);
  const seen = new Map<string, number>();
  const sample: { readonly tampered: Tampered; readonly copied: Copy }[] = [];

  it("each is located, or its tail is not proved; none verifies", async () => {
    for (let n = 0; n < CHANGES; ) {
      const copies = random(2) === 0 ? running : closed;
      const copied = copies[random(copies.length)] as Copy;
      const others = copies.filter((other) => other !== copied).flatMap(({ lines }) => lines);
      const tampered = tamper(copied.lines, random, others);
      if (tampered === undefined) continue;
      n += 1;
      writeFileSync(copied.file, tampered.text);
      expectNoticed(await verifier.verify(copied), tampered, copied);
      seen.set(tampered.what, (seen.get(tampered.what) ?? 0) + 1);
      if (n % (CHANGES / BY_COMMAND) === 0) sample.push({ tampered, copied });
    }
    for (const { file, lines } of [...running, ...closed]) writeFileSync(file, `${lines.join("\n")}\n`);
    expect(seen.size).toBe(10);
    expect(Math.min(...seen.values())).toBeGreaterThan(50);
  });

  it(`${BY_COMMAND} of them by seb audit verify, which exits 1 and names file and line`, async () => {
    const check = async ({ tampered, copied }: (typeof sample)[number]) => {
      const folder = mkdtempSync(join(world.folder, "tampered-"));
      writeFileSync(join(folder, `${copied.service}-1.jsonl`), tampered.text);
      const { code, stdout } = await audit(folder, copied.heads);
      const report = JSON.parse(stdout);
      expectNoticed(report, tampered, copied);
      expect({ exit: code, ok: report.ok, code: report.code }).toEqual({
        exit: 1,
        ok: false,
        code: report.verdict === "broken" ? "records_broken" : "records_tail_unproved",
      });
      expect(report.chains[0].file).toBe(join(folder, `${copied.service}-1.jsonl`));
    };
    expect(sample).toHaveLength(BY_COMMAND);
    for (let at = 0; at < sample.length; at += 4) await Promise.all(sample.slice(at, at + 4).map(check));
  });
});

/** The chain from its second record on signed again with a key, links and all, with other contents. */
async function rewritten({ lines }: Copy, key: KeyFile): Promise<string> {
  const next = [lines[0] ?? ""];
  for (const line of lines.slice(1)) {
    const claims = payloadOf(line) as { at_ms: number };
    const prev = digestOfBytes(next.at(-1) ?? "");
    next.push(await seal("seb-record+jws", { ...claims, at_ms: claims.at_ms + 1, prev }, key));
  }
  return `${next.join("\n")}\n`;
}

describe("whole chains", () => {
  it("of which only the heads are left are broken", async () => {
    const folder = mkdtempSync(join(world.folder, "gone-"));
    for (const { heads } of closed)
      expect(await verifier.verify({ records: folder, heads })).toMatchObject({ verdict: "broken" });
    const { code, stdout } = await audit(folder, closed[1]?.heads ?? "");
    expect({ code, verdict: JSON.parse(stdout).verdict }).toEqual({ code: 1, verdict: "broken" });
  });

  it("whose heads are gone are not proved, and neither is a folder that holds none", async () => {
    const empty = mkdtempSync(join(world.folder, "empty-"));
    for (const { records } of closed.slice(0, 1)) {
      const { code, stdout } = await audit(records, empty);
      expect({ code, verdict: JSON.parse(stdout).verdict }).toEqual({ code: 1, verdict: "tail_not_proved" });
    }
    const both = await audit(empty, mkdtempSync(join(world.folder, "empty-")));
    expect({ code: both.code, verdict: JSON.parse(both.stdout).verdict }).toEqual({
      code: 1,
      verdict: "tail_not_proved",
    });
    const [signer, broker] = closed;
    const args = [signer, broker].flatMap((one) => ["--records", one?.records ?? "", "--heads", one?.heads ?? ""]);
    const two = await world.run("seb", ["audit", "verify", "--json", ...args]);
    expect(two.code).toBe(0);
    const missing = ["--records", signer?.records ?? "", "--heads", signer?.heads ?? "", "--records", empty];
    const one = await world.run("seb", ["audit", "verify", "--json", ...missing]);
    expect({ code: one.code, verdict: JSON.parse(one.stdout).verdict }).toEqual({
      code: 1,
      verdict: "tail_not_proved",
    });
  });

  it("written anew, with a foreign key or the writer's own stolen one, do not pass for what was copied", async () => {
    const copied = closed[0] as Copy;
    const problemOf = async (name: string) => {
      writeFileSync(copied.file, await rewritten(copied, world.key(name)));
      const { verdict, chains } = await verifier.verify(copied);
      return { verdict, ...chains[0]?.problems[0] };
    };
    expect(await problemOf("agent")).toMatchObject({ verdict: "broken", line: 2, what: "not_a_record" });
    expect(await problemOf("broker-record")).toMatchObject({ verdict: "broken", line: 2 });
    // One record changed by the thief of the record key: its own line is sound, the next one's link is not.
    const at = Math.floor(copied.lines.length / 2);
    const claims = payloadOf(copied.lines[at] ?? "");
    const changed = await seal(
      "seb-record+jws",
      { ...claims, at_ms: Number(claims.at_ms) + 1 },
      world.key("signer-record"),
    );
    writeFileSync(copied.file, `${copied.lines.with(at, changed).join("\n")}\n`);
    const [chain] = (await verifier.verify(copied)).chains;
    expect(chain?.problems).toContainEqual(expect.objectContaining({ line: at + 2, what: "link" }));
    // The thief can write the whole rest anew, but not what the second place already holds.
    expect(await problemOf("signer-record")).toMatchObject({ verdict: "broken", what: "head_mismatch" });
    writeFileSync(copied.file, `${copied.lines.join("\n")}\n`);
  });
});

/** A certified change happens, as soon as all services have heard of each other. */
const worksAgain = () =>
  until("it works again", async () => {
    const certificate = await certify(world).catch(() => undefined);
    if (certificate === undefined) return false;
    return (await world.agent.execute(certificate, OPERATION)).body.state === "executed";
  });

describe("a service whose chain was changed while it was stopped", () => {
  it("does not start, says where, and starts again with the chain as it was written", async () => {
    await world.start();
    await world.stopService("broker");
    const lines = linesOf("broker");
    for (const changed of [lines.toSpliced(3, 1), lines.slice(0, -1), lines.with(4, lines[5] ?? "")]) {
      await world.records.replace("broker", changed);
      await refusesItsChain(world, "broker");
    }
    await world.records.replace("broker", lines);
    await world.startService("broker");
    await worksAgain();
  });
});

describe("a chain that was cut behind its last copied head after a crash", () => {
  /** Kills everything right after a response, until records lie behind the last copied head. */
  async function crashed(): Promise<Copy> {
    for (let n = 0; n < 5; n++) {
      await worksAgain();
      await world.killServices();
      const copied = await copy("broker");
      if (copied.lines.length > copied.proved + 1) return copied;
      await world.start();
    }
    throw new Error("the last head was always copied");
  }

  it("is started on, written, and closed, but never verified again", async () => {
    await world.stop();
    await world.start();
    const { lines, proved } = await crashed();
    await world.records.replace("broker", lines.slice(0, proved + 1));
    await world.start();
    await worksAgain();
    await world.stop();
    for (const flags of [[], ["--running"]]) {
      const { code, stdout } = await world.run("seb", ["audit", "verify", "--json", ...flags]);
      const { verdict, code: why, chains } = JSON.parse(stdout);
      expect({ code, verdict, why }).toEqual({ code: 1, verdict: "tail_not_proved", why: "records_tail_unproved" });
      const broker = chains.find(({ writer }: { writer: string }) => writer === "broker-1");
      expect(broker).toMatchObject({ endProved: true, problems: [] });
      expect(broker.unclosedBoots.at(-1)).toMatchObject({ line: proved + 1, seq: proved });
    }
  });
});
