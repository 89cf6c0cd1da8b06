import { closed, type Result, validate } from "@seb/schema";
import Type, { type Static } from "typebox";

const Label = Type.String({ pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", maxLength: 63 });
const Line = Type.String({ pattern: "^[^\\u0000-\\u001f\\u007f]{1,300}$", maxLength: 300 });

/** Somebody who may write protected fields without a certificate. */
export const Allowed = closed({
  /** User name as the API server knows it, or `group:` and a group. */
  principal: Type.String({ pattern: "^[!-~]{1,300}$", maxLength: 300 }),
  reason: Line,
  /** Day on which the exception ends, at 00:00 UTC. */
  expires: Type.String({ pattern: "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", maxLength: 10 }),
});
export type Allowed = Static<typeof Allowed>;

/** Objects whose fields only executions, and those allowed here, may write. */
export const Protection = closed({
  name: Label,
  api_version: Type.String({ pattern: "^([a-z0-9.-]{1,100}/)?v[a-z0-9]{1,20}$", maxLength: 121 }),
  resource: Type.String({ pattern: "^[a-z][a-z0-9]{0,62}$", maxLength: 63 }),
  namespaces: Type.Array(Label, { minItems: 1, maxItems: 256 }),
  /** Names of the objects, or `*` alone; those that the catalogue certifies when absent. */
  names: Type.Optional(
    Type.Array(Type.String({ pattern: "^([a-z0-9.-]{1,200}|\\*)$", maxLength: 200 }), { minItems: 1, maxItems: 256 }),
  ),
  /** `declared`: the fields below. `strict`: everything but metadata and status; for workloads also pods and replica sets of the namespaces. */
  level: Type.Union([Type.Literal("declared"), Type.Literal("strict")]),
  /** Pointers; those that the catalogue's actions write when absent. */
  fields: Type.Optional(
    Type.Array(Type.String({ pattern: "^(/[!-~]+)+$", maxLength: 190 }), { minItems: 1, maxItems: 64 }),
  ),
  /** `audit` only notes and warns: to be watched before `deny`. */
  mode: Type.Union([Type.Literal("audit"), Type.Literal("deny")]),
  allow: Type.Array(Allowed, { maxItems: 128 }),
});
export type Protection = Static<typeof Protection>;

/** `protect.yaml`. */
export const Protect = closed({ ver: Type.Literal(1), protect: Type.Array(Protection, { maxItems: 64 }) });
export type Protect = Static<typeof Protect>;

/** Checks the content of `protect.yaml`. */
export function readProtect(value: unknown): Result<Protect, "setting_invalid"> {
  return validate(Protect, value, "setting_invalid");
}
