import { canonicalize, digest, isJson, type Json } from "@seb/canonical";
import type { Contract, Operation } from "@seb/schema";

/** RFC 8785 text of a contract: what signer and broker compare byte by byte. */
export function contractText(contract: Contract): string {
  return canonicalize(plain(contract));
}

/** Digest (`seb-contract-v1`) of a contract. */
export function contractDigest(contract: Contract): string {
  return digest("contract", plain(contract));
}

/** Digest (`seb-stable-contract-v1`) of a contract without its precondition, which changes with every observation. */
export function stableContractDigest(contract: Contract): string {
  const { precondition: _, ...stable } = contract;
  return digest("stable_contract", plain(stable));
}

/** Digest (`seb-operation-v1`) of an instantiated operation. */
export function operationDigest(operation: Operation): string {
  return digest("operation", plain(operation));
}

function plain(value: unknown): Json {
  if (!isJson(value)) throw new TypeError("catalogue: not plain JSON data");
  return value;
}
