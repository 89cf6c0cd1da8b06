import Type, { type Static } from "typebox";
import { Counter, closed, Digest, Instance, Milliseconds } from "../words.js";

/** First record of a boot: names the head of the boot before. */
export const BootBody = closed({
  /** Last record of the boot before; null in the first record of a chain. */
  previous: Type.Union([closed({ boot: Counter, seq: Counter, digest: Digest }), Type.Null()]),
  /** Bytes behind the last complete line that this boot cut off: the rest of a write that a crash cut short. */
  torn_bytes: Counter,
});
export type BootBody = Static<typeof BootBody>;

/** Last record of a boot that was stopped in good order. */
export const CloseBody = closed({});
export type CloseBody = Static<typeof CloseBody>;

/** Head of a chain as it is copied to the second place, one JSON object a line. */
export const HeadLine = closed({
  writer: Instance,
  boot: Counter,
  seq: Counter,
  /** Of the line's bytes, without its newline. */
  digest: Digest,
  at_ms: Milliseconds,
});
export type HeadLine = Static<typeof HeadLine>;
