import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { Static, TSchema } from "typebox";
import type { Code } from "./codes.js";
import { fail, ok, type Result } from "./result.js";

const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  ownProperties: true,
  strictNumbers: true,
  allErrors: false,
  validateFormats: false,
  // Each process compiles what it uses when it starts: shortening the generated code costs more there than it gives back.
  code: { optimize: false },
});

const compiled = new WeakMap<TSchema, ValidateFunction>();

function compiledFor(schema: TSchema): ValidateFunction {
  const known = compiled.get(schema);
  if (known) return known;
  const made = ajv.compile(schema);
  compiled.set(schema, made);
  return made;
}

/** As long as a field's name may be, and shorter than any key or token that was put in its place. */
const SAFE_KEY = /^[A-Za-z0-9_.-]{1,40}$/;

function pointerOf(error: ErrorObject): string {
  const named: unknown = error.params.missingProperty ?? error.params.additionalProperty;
  if (typeof named !== "string") return error.instancePath;
  const key = SAFE_KEY.test(named) ? named : "?";
  return `${error.instancePath}/${key}`;
}

/**
 * Validates plain JSON against a closed schema.
 * The failure has the given code, a pointer to the first wrong field and ajv's keyword, never the value itself.
 */
export function validate<S extends TSchema, C extends Code>(schema: S, value: unknown, code: C): Result<Static<S>, C> {
  const check = compiledFor(schema);
  if (check(value)) return ok(value as Static<S>);
  const errors = check.errors ?? [];
  // A union reports each branch; the deepest error says most about what the sender meant.
  const error = errors.reduce<ErrorObject | undefined>(
    (best, next) => (best === undefined || next.instancePath.length > best.instancePath.length ? next : best),
    undefined,
  );
  if (error === undefined) return fail(code, "does not fit the schema", { pointer: "" });
  return fail(code, error.message ?? "does not fit the schema", { pointer: pointerOf(error).slice(0, 300) });
}
