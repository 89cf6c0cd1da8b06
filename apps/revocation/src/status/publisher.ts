import type { View } from "@seb/authority";
import { Mutex } from "@seb/concurrency";
import { CLOCK_SKEW, fail, ok, type RebuildReason, type Result, type StatusClaims } from "@seb/schema";
import type { RevocationConfig } from "../config.js";
import type { Journal, Planned } from "../journal/journal.js";
import { viewOf } from "../journal/ledger.js";
import type { RevocationPorts } from "../ports.js";
import { rebuildRecord } from "./rebuild.js";
import { SeenStatuses } from "./seen.js";

export type PublishCode = "store_unavailable" | "status_backwards" | "record_failed" | "chain_fork";

/** What went out: the view in the store, and the status that speaks of it. */
export interface Published {
  readonly view: View;
  readonly token: string;
}

const placeOf = (view: View | undefined) => (view ? `${view.run_id} ${view.generation} ${view.seq}` : "empty");

/** Brings the store and the feed to where the journal is, and finds out when the store is not the one it was. */
export class Publisher {
  readonly #turn = new Mutex();
  readonly #seen: SeenStatuses;
  /** Where the store stood when it was last known: from there, the journal's view is written without a rebuild. */
  #known: string | undefined;
  #last: Published | undefined;

  constructor(
    private readonly config: RevocationConfig,
    private readonly ports: RevocationPorts,
    private readonly journal: Journal,
  ) {
    this.#seen = new SeenStatuses(ports.feed, ports.trust, config.environment);
  }

  /** The last status that went out. */
  get last(): Published | undefined {
    return this.#last;
  }

  stop(): void {
    this.#seen.stop();
  }

  /**
   * Writes the journal's view where it is not written yet, then signs and publishes a status. A store that was restarted, replaced,
   * emptied or rolled back gets a rebuilt view first. Fails without publishing when any of it fails: receivers then refuse.
   */
  sync(): Promise<Result<Published, PublishCode>> {
    return this.#turn.run(async () => {
      await this.#seen.settled();
      const run = await this.ports.writer.runId();
      if (!run.ok) return run;
      const stored = await this.ports.writer.current();
      if (!stored.ok) return stored;
      const reason = this.#discontinuity(run.value, stored.value);
      if (reason !== undefined) {
        const rebuilt = await this.#rebuild(reason, run.value, stored.value);
        if (!rebuilt.ok) return rebuilt;
      }
      const view = viewOf(this.journal.ledger);
      if (placeOf(stored.value) !== placeOf(view)) {
        const written = await this.ports.writer.write(view);
        if (!written.ok) return written;
      }
      this.#known = placeOf(view);
      return this.#publish(view);
    });
  }

  #discontinuity(runId: string, stored: View | undefined): RebuildReason | undefined {
    const { ledger } = this.journal;
    if (ledger.generation > 0 && ledger.run_id !== runId) return "store_run_changed";
    const place = placeOf(stored);
    if (place !== placeOf(viewOf(ledger)) && (ledger.generation === 0 || place !== this.#known))
      return stored === undefined ? "store_empty" : "store_differs";
    if (this.#seen.isAhead(ledger)) return "status_ahead";
    const issuedMs = this.#issuedMs();
    return this.ports.clock.nowMs() + CLOCK_SKEW.revocationDriftMs < Math.max(issuedMs, ledger.clock_ms)
      ? "clock_backwards"
      : undefined;
  }

  /** Latest issue time of the present generation. */
  #issuedMs(): number {
    const { furthest } = this.#seen;
    return furthest?.generation === this.journal.ledger.generation ? furthest.issued_at_ms : 0;
  }

  async #rebuild(
    reason: RebuildReason,
    run_id: string,
    stored: View | undefined,
  ): Promise<Result<void, "record_failed" | "chain_fork">> {
    // An order that waits for a stuck sink must not hold up the answer that nothing can be said now.
    if (this.journal.busy) return fail("record_failed", "The journal is busy; the view is rebuilt at the next beat.");
    const nowMs = Math.floor(this.ports.clock.nowMs());
    const done = await this.journal.commit<Planned, never>(async (ledger) => {
      const body = rebuildRecord({ ledger, stored, seen: this.#seen.furthest, run_id, reason, nowMs });
      return ok({ kind: "rebuild", body });
    });
    if (!done.ok) return done;
    this.#known = placeOf(stored);
    this.ports.log.warn({ reason, generation: this.journal.ledger.generation }, "rebuilt the view");
    return ok(undefined);
  }

  async #publish(view: View): Promise<Result<Published, "store_unavailable">> {
    const { sealer, feed, clock } = this.ports;
    const claims: StatusClaims = {
      ver: 1,
      iss: sealer.name,
      aud: this.config.environment,
      seq: view.seq,
      // Always later than the last one, also when two go out within one millisecond.
      issued_at_ms: Math.max(Math.floor(clock.nowMs()), this.#issuedMs() + 1),
      epochs: view.epochs,
      bundle: view.bundle,
      generation: view.generation,
      run_id: view.run_id,
    };
    const token = await sealer.seal(claims);
    this.#seen.note(claims, token);
    const published = await feed.publish(token);
    if (!published.ok) return published;
    this.#last = { view, token };
    return ok(this.#last);
  }
}
