import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { canonicalize, type Json } from "@seb/canonical";
import type { Precondition } from "@seb/schema";
import {
  type Bundle,
  compile,
  contractDigest,
  contractText,
  instantiate,
  openBundle,
  operationDigest,
  packBundle,
  type Scope,
} from "./index.js";

interface Outcome {
  readonly text?: string;
  readonly digest?: string;
  readonly code?: string;
}
interface ContractVector extends Outcome {
  readonly name: string;
  readonly action: string;
  readonly resource: string;
  readonly scope: Scope;
  readonly precondition: Precondition;
}
interface OperationVector extends Outcome {
  readonly name: string;
  readonly contract: string;
  readonly parameters: Record<string, unknown>;
}

const read = (name: string) => JSON.parse(readFileSync(join(import.meta.dirname, "../vectors", name), "utf8"));
const control: { digest: string; files: Record<string, string> } = read("bundle.json");
const contracts: ContractVector[] = read("contracts.json");
const operations: OperationVector[] = read("operations.json");

function opened(): Bundle {
  const packed = packBundle(control.files);
  if (!packed.ok) throw new Error(packed.error.detail);
  const bundle = openBundle(packed.value.text, control.digest);
  if (!bundle.ok) throw new Error(bundle.error.detail);
  return bundle.value;
}
const bundle = opened();

describe("vectors", () => {
  it("hold cases of both outcomes", () => {
    for (const cases of [contracts, operations]) {
      expect(cases.filter(({ code }) => code === undefined).length).toBeGreaterThanOrEqual(5);
      expect(cases.filter(({ code }) => code !== undefined).length).toBeGreaterThanOrEqual(10);
    }
  });

  it("the control folder has the frozen digest", () => {
    const packed = packBundle(control.files);
    expect(packed.ok && packed.value.digest).toBe(control.digest);
  });

  it.each(contracts)("compile: $name", (vector) => {
    const made = compile(bundle, vector.action, vector.resource, vector.scope, vector.precondition);
    if (!made.ok) {
      expect(made.error.code).toBe(vector.code);
      return;
    }
    expect(contractText(made.value)).toBe(vector.text);
    expect(contractDigest(made.value)).toBe(vector.digest);
  });

  it.each(operations)("instantiate: $name", (vector) => {
    const contract = JSON.parse(contracts.find(({ name }) => name === vector.contract)?.text ?? "null");
    const made = instantiate(contract, vector.parameters);
    if (!made.ok) {
      expect(made.error.code).toBe(vector.code);
      return;
    }
    const operation: Json = JSON.parse(JSON.stringify(made.value));
    expect(canonicalize(operation)).toBe(vector.text);
    expect(operationDigest(made.value)).toBe(vector.digest);
  });
});
