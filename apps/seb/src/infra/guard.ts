import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { readYaml } from "@seb/catalogue";
import type { GuardRequest } from "@seb/connector";
import { fail, ok, type Result } from "@seb/schema";
import type { Invocation } from "../command.js";
import { plansOf } from "./plans.js";
import { type GuardedBy, guardedBy } from "./target.js";

/** A target's guard, and what it is asked for. Close the guard. */
export interface Guarding<P extends "render" | "check"> {
  readonly protection: GuardedBy<P>["protection"];
  readonly request: GuardRequest;
  /** `<action> <resource>`: the service lacks a value that the action needs. */
  readonly notApplicable: readonly string[];
}

/** What the control folder, and `protect.yaml` where `--protect` names one, ask of the guard of a target. */
export async function guarding<P extends "render" | "check">(
  invocation: Invocation,
  part: P,
): Promise<Result<Guarding<P>>> {
  const guarded = await guardedBy(invocation, part);
  if (!guarded.ok) return guarded;
  const { protection, ...target } = guarded.value;
  const request = requestFor(invocation, target);
  if (request.ok) return ok({ protection, ...request.value });
  protection.close();
  return request;
}

function requestFor(
  invocation: Invocation,
  target: Omit<GuardedBy<"render">, "protection">,
): Result<Omit<Guarding<"render">, "protection">> {
  const control = invocation.settings.get("control");
  if (!control.ok) return control;
  const planned = plansOf(control.value, target);
  if (!planned.ok) return planned;
  const { plans, notApplicable } = planned.value;
  if (plans.length === 0)
    return fail("catalogue_invalid", `no action of ${control.value} changes anything in ${target.name}`);
  const protect = protectOf(invocation);
  if (!protect.ok) return protect;
  const request = { plans, protect: protect.value, nowMs: invocation.io.nowMs(), signal: invocation.deadline.signal };
  return ok({ request, notApplicable });
}

function protectOf({ flags, io }: Invocation): Result<unknown> {
  if (typeof flags.protect !== "string") return ok(undefined);
  const path = resolve(io.cwd, flags.protect);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return fail("setting_missing", `cannot open ${path}`);
  }
  const yaml = readYaml(text);
  return yaml.ok ? yaml : fail("setting_invalid", `${path} is not YAML`);
}
