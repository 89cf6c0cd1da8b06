import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type CommandResult, runCommand, type TempDir, tempDir } from "@seb/testkit";
import { parse, stringify } from "yaml";
import { BIN, SERVICE_MAIN } from "../harness/build.js";

const SERVICES = ["signer", "broker", "revocation"] as const;
type ServiceName = (typeof SERVICES)[number];

let place: TempDir;
let out: string;
const at = (...parts: string[]) => join(out, ...parts);
const settings = (service: ServiceName) => at(service, `${service}.yaml`);

function node(...args: readonly string[]): Promise<CommandResult> {
  const env = { PATH: process.env.PATH, HOME: place.path };
  return runCommand({ command: process.execPath, args, env, cwd: place.path });
}
const seb = (...args: readonly string[]) => node(BIN.seb, ...args);
const check = (service: ServiceName, file = settings(service)) =>
  node(SERVICE_MAIN[service], "--config", file, "--check-config");

/** Checks a service's settings after a change of them. */
async function checkWith(service: ServiceName, change: (settings: Record<string, unknown>) => void) {
  const changed = parse(readFileSync(settings(service), "utf8"));
  change(changed);
  const file = at(service, "changed.yaml");
  writeFileSync(file, stringify(changed));
  return check(service, file);
}

beforeAll(async () => {
  place = await tempDir("seb-init-");
  mkdirSync(join(place.path, "home"));
  out = join(place.path, "prod");
  const made = await seb("init", "--env", "prod", "--out", out, "--json");
  expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: "" });
});
afterAll(() => place?.cleanup());

describe("an environment begins with seb init", () => {
  it("gives each service its own keys and passwords, readable by their owner only", () => {
    for (const service of SERVICES) {
      const secrets = [...readdirSync(at(service, "keys")).map((name) => at(service, "keys", name))];
      secrets.push(at(service, "redis.password"), at(service, "nats.password"));
      for (const file of secrets) expect(statSync(file).mode & 0o077).toBe(0);
    }
    const roles = (service: ServiceName) =>
      readdirSync(at(service, "keys"))
        .map((name) => JSON.parse(readFileSync(at(service, "keys", name), "utf8")).role)
        .sort();
    expect(roles("signer")).toEqual(["certificate", "record"]);
    expect(roles("broker")).toEqual(["observation", "record"]);
    expect(roles("revocation")).toEqual(["record", "status"]);
  });

  it("has a second broker with keys and passwords of its own, where one is wanted", async () => {
    const two = join(place.path, "two");
    const made = await seb("init", "--env", "two", "--out", two, "--broker-2-url", "http://127.0.0.1:7312", "--json");
    expect(made.code).toBe(0);
    const read = (...path: string[]) => readFileSync(join(two, ...path), "utf8");
    for (const file of ["keys/record.json", "keys/observation.json", "redis.password", "nats.password"])
      expect(read("broker-2", file)).not.toBe(read("broker", file));
    const { service, redis, nats } = parse(read("broker-2", "broker.yaml"));
    expect(service).toMatchObject({ instance: "broker-2", port: 7312, audience: "broker:two" });
    expect([redis.username, nats.username]).toEqual(["broker-2", "broker-2"]);
    const payload = JSON.parse(Buffer.from(JSON.parse(read("trust/trust.json")).payload, "base64url").toString());
    const names = payload.keys.filter(({ role }: { role: string }) => role === "record");
    expect(names.map(({ name }: { name: string }) => name).sort()).toEqual([
      "broker-1",
      "broker-2",
      "revocation-1",
      "signer-1",
    ]);
  });

  it("is not made twice in one folder", async () => {
    const again = await seb("init", "--env", "prod", "--out", out, "--json");
    expect({ code: again.code, body: JSON.parse(again.stdout) }).toMatchObject({ code: 2, body: { code: "usage" } });
  });

  it("has settings that are fine as soon as the owners signed the trust file, and not before", async () => {
    for (const service of SERVICES) {
      const early = await check(service);
      expect(early.code).toBe(2);
      expect(early.stderr).toContain("trust_threshold");
      expect(early.stderr).toContain("(/trust/file)");
    }
    const sign = (owner: string) =>
      seb(
        "trust",
        "sign",
        at("trust/trust.json"),
        "--pins",
        at("trust/trust-pins.json"),
        "--owner",
        at(owner),
        "--json",
      );
    expect((await sign("owners/owner-1.json")).code).toBe(4);
    expect((await sign("owners/owner-2.json")).code).toBe(0);
    for (const service of SERVICES) {
      const { code, stderr } = await check(service);
      expect(code).toBe(0);
      // The example target's credential is for the platform team to bring; the broker starts without it.
      if (service === "broker") expect(stderr).toContain("(/targets/gitops/credential_file)");
      else expect(stderr).toBe("");
    }
  });

  it("cannot make a signer reach a target, nor a broker hold a policy", async () => {
    const signer = await checkWith("signer", (file) => Object.assign(file, { targets: "../broker/targets.yaml" }));
    expect(signer.code).toBe(2);
    expect(signer.stderr).toContain("setting_invalid");
    const broker = await checkWith("broker", (file) => Object.assign(file, { policy: "../control/policy" }));
    expect(broker.code).toBe(2);
    expect(broker.stderr).toContain("setting_invalid");
  });

  it("names the setting that is wrong: a key of another role, a missing password, owners that are too few", async () => {
    const otherKey = await checkWith("signer", (file) =>
      Object.assign(file, { keys: { certificate: "keys/record.json", record: "keys/record.json" } }),
    );
    expect(otherKey.stderr).toContain("(/keys/certificate)");
    const missing = await checkWith("broker", ({ redis }) => Object.assign(redis ?? {}, { password_file: "none" }));
    expect(missing.stderr).toContain("(/redis/password_file)");
    const few = await checkWith("revocation", ({ trust }) => Object.assign(trust ?? {}, { threshold: 3 }));
    expect(few.stderr).toContain("(/trust/threshold)");
    const ceilings = await checkWith("broker", (file) => Object.assign(file, { ceilings: "targets.yaml" }));
    expect(ceilings.stderr).toContain("(/ceilings)");
    for (const { code } of [otherKey, missing, few, ceilings]) expect(code).toBe(2);
  });

  it("calls settings wrong with which a service would wait for ever, and does not start with them", async () => {
    const text = at("signer", "no-certificate.pem");
    writeFileSync(text, "no certificate\n");
    const wrong: readonly [string, (file: Record<string, unknown>) => void][] = [
      ["(/redis/ca_file)", ({ redis }) => Object.assign(redis ?? {}, { ca_file: "../trust/trust.json" })],
      [
        "(/nats/servers)",
        ({ nats }) => Object.assign(nats ?? {}, { servers: ["nats://127.0.0.1", "tls://127.0.0.1"] }),
      ],
      ["(/nats/ca_file)", ({ nats }) => Object.assign(nats ?? {}, { servers: ["tls://127.0.0.1"], ca_file: text })],
      ["(/records/heads_folder)", ({ records }) => Object.assign(records ?? {}, { heads_folder: text })],
      ["(/evidence_folder)", (file) => Object.assign(file, { evidence_folder: text })],
    ];
    for (const [pointer, change] of wrong) {
      const checked = await checkWith("signer", change);
      expect({ code: checked.code, named: checked.stderr.includes(pointer), pointer }).toMatchObject({
        code: 2,
        named: true,
      });
      const started = await node(SERVICE_MAIN.signer, "--config", at("signer", "changed.yaml"));
      expect({ code: started.code, stderr: started.stderr }).toEqual({ code: 2, stderr: checked.stderr });
    }
    const open = await checkWith("signer", ({ redis }) =>
      Object.assign(redis ?? {}, { url: "redis://redis.example:6379" }),
    );
    expect({ code: open.code, named: open.stderr.includes("(/redis/url)") }).toEqual({ code: 2, named: true });
  });
});
