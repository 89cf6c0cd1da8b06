import { Counter, closed, Epochs } from "@seb/schema";

/** What a receiver of statuses remembers across its own restarts: nothing older than this is accepted again. */
export const StatusFloor = closed({
  generation: Counter,
  seq: Counter,
  epochs: Epochs,
});
export interface StatusFloor {
  readonly generation: number;
  readonly seq: number;
  readonly epochs: Epochs;
}

/** Where the floor lies. Both reject on I/O errors; a receiver that cannot load or save accepts nothing. */
export interface StatusFloorStore {
  load(): Promise<StatusFloor | undefined>;
  /** Resolves when the floor is durable. */
  save(floor: StatusFloor): Promise<void>;
}
