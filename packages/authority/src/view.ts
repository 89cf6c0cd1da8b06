import type { Epochs } from "@seb/schema";
import { epochOf } from "./epochs.js";

/** A place in the history of views. */
export interface Position {
  readonly generation: number;
  readonly seq: number;
}

/** Negative when `a` is earlier than `b`, 0 when they are the same place: by generation, then by sequence. */
export function comparePositions(a: Position, b: Position): number {
  return a.generation - b.generation || a.seq - b.seq;
}

/** True when some epoch of `before` is lower, or absent, in `after`: epochs never fall. */
export function epochsFell(before: Epochs, after: Epochs): boolean {
  const fell = (b: Readonly<Record<string, number>>, a: Readonly<Record<string, number>>) =>
    Object.entries(b).some(([name, value]) => epochOf(a, name) < value);
  return after.global < before.global || fell(before.subject, after.subject) || fell(before.policy, after.policy);
}

/** The higher of each epoch. */
export function maxEpochs(a: Epochs, b: Epochs): Epochs {
  const join = (x: Readonly<Record<string, number>>, y: Readonly<Record<string, number>>) => {
    const names = [...new Set([...Object.keys(x), ...Object.keys(y)])];
    return Object.fromEntries(names.map((name) => [name, Math.max(epochOf(x, name), epochOf(y, name))]));
  };
  return {
    global: Math.max(a.global, b.global),
    subject: join(a.subject, b.subject),
    policy: join(a.policy, b.policy),
  };
}
