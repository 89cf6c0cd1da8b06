import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { parse } from "yaml";

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
