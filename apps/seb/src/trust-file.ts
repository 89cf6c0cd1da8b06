import { readFileSync } from "node:fs";
import { readJson } from "@seb/canonical";
import { fail, ok, type Result, Thumbprint, validate } from "@seb/schema";
import { type Trust, verifyTrust } from "@seb/verify-core";
import type { Settings } from "./settings.js";

export interface Pins {
  readonly owners: readonly string[];
  readonly threshold: number;
}

/** Reads `trust-pins.json`: `{owners: [thumbprint, ...], threshold}`. */
export function readPins(path: string): Result<Pins, "setting_missing" | "setting_invalid"> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return fail("setting_missing", `cannot open ${path}`);
  }
  const wrong = fail("setting_invalid", `${path} is not of the form {owners, threshold}`);
  const json = readJson(text, { maxBytes: 65_536, maxDepth: 3 });
  if (!json.ok || typeof json.value !== "object" || json.value === null) return wrong;
  const members = new Map<string, unknown>(Object.entries(json.value));
  const owners = members.get("owners");
  const threshold = members.get("threshold");
  if (!Array.isArray(owners) || typeof threshold !== "number" || !Number.isInteger(threshold) || threshold < 1)
    return wrong;
  const read = owners.map((owner: unknown) => validate(Thumbprint, owner, "setting_invalid"));
  return read.every(({ ok: fits }) => fits) ? ok({ owners: owners.map(String), threshold }) : wrong;
}

/** The verified trust file of the settings. */
export async function loadTrust(settings: Settings, nowMs: number): Promise<Result<Trust>> {
  const path = settings.get("trust");
  if (!path.ok) return path;
  const pinsPath = settings.get("pins");
  if (!pinsPath.ok) return pinsPath;
  const pins = readPins(pinsPath.value);
  if (!pins.ok) return pins;
  let text: string;
  try {
    text = readFileSync(path.value, "utf8");
  } catch {
    return fail("setting_missing", `cannot open ${path.value}`);
  }
  return verifyTrust(text, { ...pins.value, minVersion: 0 }, nowMs / 1000);
}
