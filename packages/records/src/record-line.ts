import { MAX_TOKEN_BYTES, TYP_OF_ROLE } from "@seb/schema";

/** `typ` of records. */
export const RECORD_TYP = TYP_OF_ROLE.record;
/** Longest record line, in bytes, without its newline. */
export const MAX_LINE_BYTES = MAX_TOKEN_BYTES[RECORD_TYP];
/** `prev` of the first record ever. */
export const GENESIS = `sha256:${"0".repeat(64)}`;
/** First record of a boot: names the head of the boot before. */
export const BOOT = "boot";
/** Last record of a boot that was stopped cleanly. */
export const CLOSE = "close";
