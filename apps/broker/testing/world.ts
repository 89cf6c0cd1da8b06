import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StatusFeed } from "@seb/authority";
import { createLocalFeed, type EmbeddedStore, openEmbeddedStore } from "@seb/authority/embedded";
import { base32Id } from "@seb/canonical";
import type { Epochs, RevocationTarget, Standing } from "@seb/schema";
import { createSealer, type Sealer } from "@seb/seal";
import type { Trust } from "@seb/verify-core";
import { type Packed, packControl } from "./control.js";
import { type Gitops, makeGitops } from "./gitops.js";
import { type Keys, makeKeys, makeTrust } from "./keys.js";
import { need } from "./need.js";

const BEAT_MS = 300;

/** An identifier of the wire formats. */
export const freshId = (prefix: string) => base32Id(prefix, new Uint8Array(randomBytes(17)));

/** Everything around the brokers: store, feed and revocation's word, target, keys, and a clock that can be moved. */
export class World {
  readonly feed: StatusFeed = createLocalFeed();
  readonly bundles = new Map<string, string>();
  seq = 0;
  generation = 1;
  epochs: Epochs = { global: 1, subject: {}, policy: {} };
  standing: Standing[] = [];
  active: string | null;
  /** How far the wall clock and the monotonic clock are ahead of the machine's, in milliseconds. */
  aheadMs = 0;
  monotonicAheadMs = 0;
  #beat: NodeJS.Timeout | undefined;

  private constructor(
    readonly folder: string,
    readonly keys: Keys,
    readonly trust: Trust,
    readonly control: Packed,
    readonly gitops: Gitops,
    public store: EmbeddedStore,
    private readonly status: Sealer<"status">,
  ) {
    this.bundles.set(control.digest, control.text);
    this.active = control.digest;
  }

  static async make(control: Parameters<typeof packControl>[1] = {}): Promise<World> {
    const keys = await makeKeys();
    const folder = mkdtempSync(join(tmpdir(), "seb-broker-"));
    const trust = await makeTrust(keys, Math.floor(Date.now() / 1000));
    const store = need(await openEmbeddedStore({ folder: join(folder, "store") }));
    const status = need(await createSealer("status", keys.status));
    const world = new World(folder, keys, trust, packControl(keys, control), makeGitops(folder), store, status);
    await world.change();
    world.#beat = setInterval(() => void world.beat(), BEAT_MS);
    return world;
  }

  readonly clock = {
    nowMs: () => Date.now() + this.aheadMs,
    monotonicMs: () => performance.now() + this.monotonicAheadMs,
  };

  /** Lets time pass on both clocks; statuses go on. */
  async pass(ms: number): Promise<void> {
    this.aheadMs += ms;
    this.monotonicAheadMs += ms;
    await this.beat();
  }

  /** Writes the view as the revocation service would, and announces it. */
  async change(what: { standing?: readonly RevocationTarget[]; epochs?: Epochs; bundle?: string } = {}): Promise<void> {
    if (what.bundle !== undefined) this.active = what.bundle;
    if (what.epochs) this.epochs = what.epochs;
    if (what.standing) this.standing = what.standing.map((target) => this.#standing(target));
    this.seq += 1;
    await this.write();
    await this.beat();
  }

  /** Writes the view without announcing it. */
  async write(): Promise<void> {
    const { seq, generation, epochs, active: bundle, standing } = this;
    const run_id = need(await this.store.writer.runId());
    need(await this.store.writer.write({ seq, generation, run_id, epochs, bundle, standing }));
  }

  /** One heartbeat of the signed status. */
  async beat(change: { readonly issued_at_ms?: number; readonly seq?: number } = {}): Promise<void> {
    const run = await this.store.writer.runId();
    if (!run.ok) return;
    const token = await this.status.seal({
      ver: 1,
      iss: "revocation:dev",
      aud: "env:dev",
      seq: this.seq,
      issued_at_ms: Math.floor(this.clock.nowMs()),
      epochs: this.epochs,
      bundle: this.active,
      generation: this.generation,
      run_id: run.value,
      ...change,
    });
    await this.feed.publish(token);
  }

  /** No more heartbeats. */
  silence(): void {
    clearInterval(this.#beat);
  }

  #standing(target: RevocationTarget): Standing {
    return { target, order: freshId("o_"), by: "alice", reason: "a test", at_ms: this.clock.nowMs() };
  }

  async end(): Promise<void> {
    this.silence();
    await this.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
