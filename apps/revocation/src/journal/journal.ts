import { Mutex } from "@seb/concurrency";
import { type BodyOf, type Code, ok, type Result } from "@seb/schema";
import type { RevocationPorts } from "../ports.js";
import { fold } from "./fold.js";
import { emptyLedger, type Ledger, type MutableLedger } from "./ledger.js";

/** A record to make durable. */
export type Planned = {
  readonly [K in "order" | "activation" | "rebuild"]: { readonly kind: K; readonly body: BodyOf<K> };
}["order" | "activation" | "rebuild"];

/** The order journal with the ledger that it folds into. What is in the ledger is durable. */
export class Journal {
  readonly #ledger: MutableLedger = emptyLedger();
  readonly #turn = new Mutex();
  #failed = false;

  private constructor(private readonly chain: RevocationPorts["chain"]) {}

  /** @throws when the journal holds a record that this version cannot read. */
  static async open(chain: RevocationPorts["chain"]): Promise<Journal> {
    const journal = new Journal(chain);
    for await (const record of chain.history()) fold(journal.#ledger, record);
    return journal;
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  /** True after the last append failed. */
  get failed(): boolean {
    return this.#failed;
  }

  /** True while somebody decides or waits for the sink. */
  get busy(): boolean {
    return this.#turn.busy;
  }

  /**
   * Decides on the ledger and makes the decision durable, as one step among all others: nothing changes between both. The ledger
   * changes when the record is durable, not before and not without.
   */
  commit<P extends Planned, C extends Code>(
    decide: (ledger: Ledger) => Promise<Result<P, C>>,
  ): Promise<Result<P, C | "record_failed" | "chain_fork">> {
    return this.#turn.run(async () => {
      const planned = await decide(this.#ledger);
      if (!planned.ok) return planned;
      const { kind, body } = planned.value;
      const recorded = await this.chain.append(kind, body);
      this.#failed = !recorded.ok;
      if (!recorded.ok) return recorded;
      fold(this.#ledger, { kind, body });
      return ok(planned.value);
    });
  }
}
