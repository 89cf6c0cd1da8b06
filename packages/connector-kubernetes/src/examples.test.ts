import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { ServiceDefinition, Targets, validate } from "@seb/schema";
import { parse } from "yaml";
import { createKubernetesConnector } from "./index.js";
import { readProtect } from "./render/index.js";

const folder = new URL("../../../examples/kubernetes/", import.meta.url);
const read = (path: string): unknown => parse(readFileSync(new URL(path, folder), "utf8"));
const service = validate(ServiceDefinition, read("services/checkout.yaml"), "catalogue_invalid");

describe("the Kubernetes examples", () => {
  const targets = validate(Targets, read("targets.yaml"), "setting_invalid");

  it("name targets that the connector takes", () => {
    if (!targets.ok || !service.ok) throw new Error("not of the schema");
    expect(createKubernetesConnector({ targets: targets.value.targets })).toMatchObject({ ok: true });
    const named = Object.values(service.value.regions).map(({ target }) => target);
    expect(Object.keys(targets.value.targets)).toEqual(expect.arrayContaining(named));
  });

  it("protect what they certify", () => {
    expect(readProtect(read("protect.yaml"))).toMatchObject({ ok: true });
  });
});
