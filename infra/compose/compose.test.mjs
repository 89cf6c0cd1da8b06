import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { parse } from "yaml";
import { admittedBy } from "../containers/ignored.mjs";
import { outputs } from "../outputs.mjs";

const { services, networks } = parse(readFileSync(new URL("compose.yaml", import.meta.url), "utf8"), { merge: true });
const own = ["signer", "broker", "revocation"];
const mounts = (name) => services[name].volumes.map((volume) => volume.replace(/:\?[^}]*\}/, "}").split(":"));

describe("compose.yaml", () => {
  it("gives no service the folder of another", () => {
    for (const name of own)
      for (const [source] of mounts(name))
        for (const other of own.filter((candidate) => candidate !== name)) expect(source).not.toContain(`/${other}`);
  });

  it("lets a service write its state, heads and evidence only", () => {
    for (const name of own) {
      expect(services[name]).toMatchObject({ read_only: true, cap_drop: ["ALL"] });
      const writable = mounts(name).filter(([, , mode]) => mode !== "ro");
      for (const [source] of writable) expect(source).toMatch(new RegExp(`/${name}/(?:state|heads|evidence)$`));
    }
  });

  it("keeps the signer away from targets, and the servers from everybody else", () => {
    expect(services.signer.networks).not.toContain("targets");
    expect(services.revocation.networks).not.toContain("targets");
    expect(networks.servers).toEqual({ internal: true });
    for (const name of ["redis", "nats", "streams"]) {
      expect(services[name].networks).toEqual(["servers"]);
      expect(services[name].ports).toBeUndefined();
    }
  });
});

describe("what the engine is handed to build an image from", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const text = readFileSync(join(root, ".dockerignore"), "utf8");
  const admitted = admittedBy(text);
  const workspaces = ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => `${group}/${name}`),
  );

  it("is the one ignore file that every engine reads", () => {
    for (const other of [".containerignore", "infra/containers/Containerfile.dockerignore"])
      expect(existsSync(join(root, other))).toBe(false);
    for (const other of ["infra/containers/Containerfile.containerignore", "infra/containers/.dockerignore"])
      expect(existsSync(join(root, other))).toBe(false);
  });

  it("holds no key, password or setting of a deployment, wherever in the checkout it lies", () => {
    const deployed = [
      "owners/owner-1.json",
      "operators/operator-1.json",
      "signer/keys/certificate.json",
      "signer/redis.password",
      "signer/signer.yaml",
      "servers/ca.pem",
      "servers/redis/users.acl",
      "servers/redis/tls/server.key",
      "servers/nats/accounts.conf",
      "broker/state/status-floor.json",
    ];
    const places = [
      "deployment",
      ".seb",
      "prod",
      "infra",
      "infra/compose",
      "infra/compose/deployment",
      "infra/nats",
      "e2e",
    ];
    places.push("apps", "apps/deployment", "packages/seal", "packages/seal/src", "apps/seb/src/init", "examples");
    const paths = places.flatMap((place) => deployed.map((file) => `${place}/${file}`));
    paths.push(
      "night.json",
      "operator-dave.json",
      "owner-1.json",
      "trust.json",
      ".env",
      "apps/night.json",
      "infra/night.json",
    );
    paths.push(
      ".seb/keys/owner-1.json",
      "deployment/x.ts",
      ".git/config",
      "node_modules/a/b.js",
      "packages/seal/dist/index.js",
    );
    expect(paths.filter(admitted)).toEqual([]);
  });

  it("holds what the build reads: manifests, sources, the build itself, the streams", () => {
    const needed = [
      "package.json",
      "package-lock.json",
      ".npmrc",
      ".swcrc",
      "turbo.json",
      "LICENSE",
      "e2e/package.json",
    ];
    needed.push("infra/nats/streams.mjs", "infra/containers/prune.mjs", "apps/seb/bin/seb.js");
    const below = (folder, extension) =>
      readdirSync(join(root, folder)).flatMap((name) => (name.endsWith(extension) ? [`${folder}/${name}`] : []));
    needed.push(...below("infra", ".mjs"), ...below("infra/nats/streams", ".json"));
    for (const folder of workspaces) {
      for (const file of ["package.json", "turbo.json"])
        if (existsSync(join(root, folder, file))) needed.push(`${folder}/${file}`);
      needed.push(...outputs(join(root, folder)).map(({ source }) => `${folder}/src/${source}`));
    }
    expect(needed.filter((path) => !admitted(path))).toEqual([]);
  });
});
