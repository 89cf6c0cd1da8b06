import { Instance, MAX_TOKEN_BYTES, type RecordKind, TYP_OF_ROLE, validate } from "@seb/schema";

/** `typ` of records. */
export const RECORD_TYP = TYP_OF_ROLE.record;
/** Longest record line, in bytes, without its newline. */
export const MAX_LINE_BYTES = MAX_TOKEN_BYTES[RECORD_TYP];
/** `prev` of the first record ever. */
export const GENESIS = `sha256:${"0".repeat(64)}`;
/** First record of a boot: names the head of the boot before. */
export const BOOT = "boot" satisfies RecordKind;
/** Last record of a boot that was stopped cleanly. */
export const CLOSE = "close" satisfies RecordKind;

/** True when a chain may have this name. */
export function isWriter(name: string): boolean {
  return validate(Instance, name, "setting_invalid").ok;
}

/** The lines, when each is printable ASCII without spaces and within its bound: anything else is the caller's bug (TypeError). */
export function checkedLines(lines: readonly string[]): readonly string[] {
  for (const line of lines) {
    if (line.length > MAX_LINE_BYTES || !/^[\x21-\x7e]+$/.test(line)) throw new TypeError("append: not a record line");
  }
  return lines;
}
