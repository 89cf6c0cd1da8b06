import { isJson } from "@seb/canonical";
import { type Contract, fail, type OpenParameter, Operation, ok, type Result, validate } from "@seb/schema";
import { member } from "./definition.js";
import { fillOpen } from "./template.js";

/**
 * Fills a contract's open parameters and yields the operation to carry out.
 *
 * @param parameters at least every open parameter, each of its exact type and within the contract's range. Others do not matter
 *   here, because the contract already holds their values: `admits` compares those.
 */
export function instantiate(
  contract: Contract,
  parameters: Readonly<Record<string, unknown>>,
): Result<Operation, "scope_exceeded"> {
  const values = new Map<string, string | number>();
  for (const [name, range] of Object.entries(contract.open)) {
    const value = member(parameters, name);
    if (!isIn(range, value)) {
      const pointer = `/parameters/${name}`;
      return fail(
        "scope_exceeded",
        value === undefined ? "A parameter is missing." : "A parameter lies outside its range.",
        { pointer },
      );
    }
    values.set(name, value);
  }
  const template: unknown = contract.operation;
  const operation = isJson(template) ? fillOpen(template, values) : undefined;
  if (operation === undefined)
    return fail("scope_exceeded", "The contract leaves something open that it does not bound.");
  const made = { connector: contract.connector, target: contract.target, operation };
  const checked = validate(Operation, made, "scope_exceeded");
  return checked.ok ? ok(checked.value) : checked;
}

function isIn(range: OpenParameter, value: unknown): value is string | number {
  if (range.type === "enum") return typeof value === "string" && range.values.includes(value);
  return typeof value === "number" && Number.isSafeInteger(value) && value >= range.minimum && value <= range.maximum;
}
