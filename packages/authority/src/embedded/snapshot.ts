import { emptyState, type MutableState } from "../state.js";
import { checkedLine, checkedText } from "./lines.js";

/** The whole state with the number of the last effect in it. */
export interface Snapshot {
  readonly n: number;
  readonly state: MutableState;
}

/** One checked line of JSON. Taken in one go, so that it is the state between two effects. */
export function snapshotText({ n, state }: Snapshot): string {
  const { run_id, now_ms, fence, pruned_ms, used, once, open, busy, takes, executions } = state;
  const maps = Object.entries({ used, once, open, busy, takes, executions });
  return checkedLine(
    JSON.stringify({
      ver: 1,
      n,
      // Absent while there is no view: JSON has no undefined.
      ...(state.view === undefined ? {} : { view: state.view }),
      run_id,
      now_ms,
      fence,
      pruned_ms,
      maps: Object.fromEntries(maps.map(([name, map]) => [name, [...map]])),
    }),
  );
}

type Pairs<M> = M extends Map<infer K, infer V> ? [K, V][] : never;

interface Stored {
  readonly ver: number;
  readonly n: number;
  readonly view?: NonNullable<MutableState["view"]>;
  readonly run_id: string;
  readonly now_ms: number;
  readonly fence: number;
  readonly pruned_ms: number;
  readonly maps: {
    readonly [K in "used" | "once" | "open" | "busy" | "takes" | "executions"]: Pairs<MutableState[K]>;
  };
}

/** The snapshot in `text`, or undefined when it is damaged or of another version. */
export function readSnapshot(text: string): Snapshot | undefined {
  const json = text.endsWith("\n") ? checkedText(text.slice(0, -1)) : undefined;
  if (json === undefined) return undefined;
  const stored = JSON.parse(json) as Stored;
  if (stored.ver !== 1) return undefined;
  const { maps, run_id, now_ms, fence, pruned_ms, view } = stored;
  const state: MutableState = {
    ...emptyState(run_id),
    view,
    now_ms,
    fence,
    pruned_ms,
    used: new Map(maps.used),
    once: new Map(maps.once),
    open: new Map(maps.open),
    busy: new Map(maps.busy),
    takes: new Map(maps.takes),
    executions: new Map(maps.executions),
  };
  return { n: stored.n, state };
}
