import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { base64urlEncode } from "@seb/canonical";
import { EvidenceItem, fail, ok, type Result, validate } from "@seb/schema";
import type { Io } from "../io.js";
import { bothNames, namesOf, type SettingCode, substitute } from "./lookup.js";
import type { Settings } from "./settings.js";

const MAX_ENVELOPE_BYTES = 49_152;
const ATTESTATION = namesOf("attestation");
const REFERENCE = namesOf("reference");

export interface EvidenceFlags {
  readonly attestation?: readonly string[];
  readonly reference?: readonly string[];
}

/** Evidence by rank: flags of a kind replace what the settings file lists of that kind. */
export function evidenceOf(io: Io, flags: EvidenceFlags, settings: Settings): Result<EvidenceItem[], SettingCode> {
  const items: EvidenceItem[] = [];
  const listed = settings.file.content.evidence ?? [];
  const variable = io.env[ATTESTATION.variable] ?? "";
  const paths = flags.attestation ?? (variable === "" ? undefined : [variable]);
  const attestations: Result<string, SettingCode>[] =
    paths?.map((path) => ok(resolve(io.cwd, path))) ??
    listed.flatMap((item) => {
      if (item.type !== "attestation") return [];
      const path = substitute(item.file, io.env, ATTESTATION);
      return [path.ok ? ok(resolve(settings.folder, path.value)) : path];
    });
  for (const path of attestations) {
    const item = path.ok ? attestation(path.value) : path;
    if (!item.ok) return item;
    items.push(item.value);
  }
  const references: Result<readonly [string, string], SettingCode>[] =
    flags.reference?.map((text) =>
      ok([text.slice(0, Math.max(0, text.indexOf("="))), text.slice(text.indexOf("=") + 1)]),
    ) ??
    listed.flatMap((item) => {
      if (item.type !== "reference") return [];
      const value = substitute(item.value, io.env, REFERENCE);
      return [value.ok ? ok([item.name, value.value]) : value];
    });
  for (const pair of references) {
    if (!pair.ok) return pair;
    const item = validate(
      EvidenceItem,
      { type: "reference", name: pair.value[0], value: pair.value[1] },
      "setting_invalid",
    );
    if (!item.ok) return fail("setting_invalid", `${REFERENCE.flag} is name=value, the name in snake case`);
    items.push(item.value);
  }
  return ok(items);
}

/** An attestation: the DSSE envelope's file, handed on byte for byte. */
function attestation(path: string): Result<EvidenceItem, "setting_invalid"> {
  const wrong = (what: string) => fail("setting_invalid", `${bothNames(ATTESTATION)}: ${path} ${what}`);
  try {
    const stat = statSync(path);
    if (!stat.isFile() || stat.size > MAX_ENVELOPE_BYTES)
      return wrong(`is not a file of 2 to ${MAX_ENVELOPE_BYTES} bytes`);
    const envelope = base64urlEncode(new Uint8Array(readFileSync(path)));
    const item = validate(EvidenceItem, { type: "attestation", envelope }, "setting_invalid");
    return item.ok ? item : wrong("is not an envelope");
  } catch {
    return wrong("cannot be read");
  }
}
