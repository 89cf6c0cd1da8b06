import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Result, Standing } from "@seb/schema";
import { leftOut, type RunningRedis, startRedis } from "@seb/testkit";
import fc from "fast-check";
import { Redis } from "ioredis";
import { BUNDLE, certId, execution, START_MS, standing, takeRequest, value, viewFor } from "../contract/subject.js";
import { type Disk, openEmbeddedStore } from "../embedded/index.js";
import type { AdmissionStore, Pin, TakeRequest, View, ViewReader, ViewWriter } from "../port.js";
import { openRedisStore, type RedisStore } from "./index.js";

interface Store {
  readonly admission: AdmissionStore;
  readonly reader: ViewReader;
  readonly writer: ViewWriter;
}

const SERVICES = ["a", "b", "c", "d"];
const POLICIES = ["auto-low-risk-v2", "human-approved"];
const minute = 60_000;

const certificates = fc.nat({ max: 11 });
/** Moves of the signed time: within a certificate's life, past its end, past the windows of ceilings, past what is kept. */
const move = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(0, 1, 10_000) },
  { weight: 2, arbitrary: fc.constantFrom(minute, 2 * minute, 61 * minute) },
  { weight: 1, arbitrary: fc.constantFrom(26 * 60 * minute, 8 * 24 * 60 * minute) },
);

/** Mostly the first value, so that most questions get past their first check. */
function mostly<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 24, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
}

const pinDrift = fc.record({
  run: mostly(true, false),
  generation: mostly(0, 1, -1),
  seq: mostly(0, 1, -1),
  /** A status that came before others did. */
  behindMs: mostly(0, 5 * minute),
});

const ask = fc.record({
  cert: certificates,
  move,
  pin: pinDrift,
  life: mostly(90, 30, 0, 3600),
  service: fc.nat({ max: 3 }),
  policy: fc.nat({ max: 1 }),
  raised: fc.record({ global: mostly(0, 1, -1), subject: mostly(0, 1), policy: mostly(0, 1, -1) }),
  once: fc.array(
    fc.record({ id: fc.constantFrom("a_1", "a_2", "a_3", "a_4"), life: fc.constantFrom(60, 3600, 90_000) }),
    { maxLength: 1 },
  ),
  ceilings: fc.array(
    fc.record({
      key: fc.constantFrom("all", "deploy"),
      limit: fc.constantFrom(1, 2, 3),
      window_seconds: fc.constantFrom(60, 3600),
    }),
    { maxLength: 3 },
  ),
});
type Ask = typeof ask extends fc.Arbitrary<infer T> ? T : never;

const target: fc.Arbitrary<Standing["target"]> = fc.oneof(
  certificates.map((n) => ({ kind: "certificate" as const, value: certId(n) })),
  fc.constantFrom<Standing["target"]>(
    { kind: "subject", value: "agent:other" },
    { kind: "key", value: "k".repeat(43) },
    { kind: "policy", value: "human-approved" },
    { kind: "action", value: "scale" },
    { kind: "bundle", value: BUNDLE },
    { kind: "everything", value: "*" },
    { kind: "resource", value: "service:a/region:us-east-1" },
    { kind: "resource", value: "service:*/region:us-east-1" },
    { kind: "resource", value: "service:b/region:*" },
  ),
);

type Step =
  | { readonly do: "take" | "peek"; readonly ask: Ask }
  | {
      readonly do: "take_over";
      readonly cert: number;
      readonly drift: number;
      readonly pin: Ask["pin"];
      readonly move: number;
    }
  | { readonly do: "note" | "close"; readonly cert: number; readonly drift: number }
  | {
      readonly do: "view";
      readonly seq: number;
      readonly generation: number;
      readonly global: number;
      readonly subject: number;
      readonly policy: number;
      readonly standing: readonly Standing["target"][];
    };

const drift = mostly(0, 1, -1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 9, arbitrary: fc.record({ do: fc.constantFrom("take" as const, "take" as const, "peek" as const), ask }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("take_over" as const), cert: certificates, drift, pin: pinDrift, move }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("note" as const, "close" as const, "close" as const),
      cert: certificates,
      drift,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("view" as const),
      seq: mostly(1, 0, 3),
      generation: mostly(0, 1, 1, -1),
      global: mostly(0, 1, 1, -1),
      subject: mostly(0, 1),
      policy: mostly(0, 1, -1),
      standing: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(target, { maxLength: 3 })),
    }),
  },
);

/** What both stores were told and answered so far; questions are made from it, so that most of them hit something. */
interface Course {
  view: View;
  now_ms: number;
  /** Highest fence of each open certificate. */
  readonly open: Map<number, number>;
}

/** An open certificate, if there is one. */
function openOne(course: Course, pick: number): number {
  return [...course.open.keys()][pick % Math.max(1, course.open.size)] ?? pick;
}

function pinOf(course: Course, drifted: Ask["pin"], runId: string): Pin {
  return {
    run_id: drifted.run ? runId : "another-run",
    generation: course.view.generation + drifted.generation,
    min_seq: Math.max(0, course.view.seq + drifted.seq),
    now_ms: course.now_ms - drifted.behindMs,
  };
}

function requestOf(course: Course, asked: Ask, runId: string): TakeRequest {
  const pin = pinOf(course, asked.pin, runId);
  const nowSeconds = Math.floor(course.now_ms / 1000);
  const policy = POLICIES[asked.policy] ?? "";
  const { epochs } = course.view;
  return takeRequest(pin, asked.cert, {
    exp: nowSeconds + asked.life,
    resource: `service:${SERVICES[asked.service]}/region:us-east-1`,
    policies: [policy],
    epochs: {
      global: Math.max(0, epochs.global + asked.raised.global),
      subject: (epochs.subject["agent:oncall-v3"] ?? 0) + asked.raised.subject,
      policy: { id: policy, epoch: Math.max(0, (epochs.policy[policy] ?? 0) + asked.raised.policy) },
    },
    once: asked.once.map(({ id, life }) => ({ id, until: nowSeconds + life })),
    ceilings: asked.ceilings,
  });
}

function viewAfter(view: View, asked: Extract<Step, { do: "view" }>, runId: string): View {
  const { epochs } = view;
  return viewFor(runId, {
    generation: Math.max(0, view.generation + asked.generation),
    seq: Math.max(0, view.seq + asked.seq),
    epochs: {
      global: Math.max(0, epochs.global + asked.global),
      subject: { "agent:oncall-v3": (epochs.subject["agent:oncall-v3"] ?? 0) + asked.subject },
      policy: { "human-approved": Math.max(0, (epochs.policy["human-approved"] ?? 0) + asked.policy) },
    },
    standing: asked.standing.map((one, n) => ({ ...standing(one), order: `o_${`${n}`.repeat(3)}` })),
  });
}

/** The embedded store's folder without its syncs: what is compared here is decisions. */
function memoryDisk(): Disk {
  const texts = new Map<string, string>();
  return {
    read: async (name) => texts.get(name),
    replace: async (name, text) => void texts.set(name, text),
    cut: async (name, bytes) => void texts.set(name, (texts.get(name) ?? "").slice(0, bytes)),
    appender: async (name) => ({
      append: async (text) => void texts.set(name, (texts.get(name) ?? "") + text),
      close: async () => undefined,
    }),
  };
}

/** Does one step with one store. Everything but the run id is the same for both. */
async function run(store: Store, course: Course, asked: Step): Promise<Result<unknown>> {
  const { admission, writer } = store;
  const runId = value(await writer.runId());
  if ("ask" in asked) {
    const request = requestOf(course, asked.ask, runId);
    return asked.do === "take" ? admission.take(request) : admission.peek(request);
  }
  if (asked.do === "view") return writer.write(viewAfter(course.view, asked, runId));
  const cert = openOne(course, asked.cert);
  const id = certId(cert);
  const fence = (course.open.get(cert) ?? 1) + asked.drift;
  if (asked.do === "take_over") {
    const by = { broker: "broker-2", boot: 7, life_ms: 10_000 };
    return admission.takeOver(id, fence, by, pinOf(course, asked.pin, runId));
  }
  const request = takeRequest(pinOf(course, { run: true, generation: 0, seq: 0, behindMs: 0 }, runId), cert);
  return asked.do === "note"
    ? admission.note(id, fence, execution(request, "unknown", fence))
    : admission.close(id, fence, execution(request, "executed", fence));
}

/** Code, and the facts except where stores word the same refusal differently. */
function outcome(result: Result<unknown>): unknown {
  if (result.ok) return { value: result.value };
  const { code, facts } = result.error;
  return ["store_discontinuity", "fence_lost"].includes(code) || code === "status_backwards"
    ? { code }
    : { code, facts };
}

async function everything({ admission, reader, writer }: Store): Promise<unknown> {
  const strip = (view: View | undefined) => view && { ...view, run_id: "" };
  const read = await reader.read();
  const known = await Promise.all(Array.from({ length: 12 }, async (_, n) => value(await admission.lookup(certId(n)))));
  const open = value(await admission.open());
  return {
    open,
    known,
    current: strip(value(await writer.current())),
    read: read.ok ? strip(read.value) : read.error.code,
  };
}

function follow(course: Course, asked: Step, result: Result<unknown>): void {
  if (!result.ok) return;
  if (asked.do === "view") course.view = viewAfter(course.view, asked, course.view.run_id);
  if (asked.do === "close") course.open.delete(openOne(course, asked.cert));
  const { value: answer } = result;
  const fence = typeof answer === "object" && answer !== null && "fence" in answer ? Number(answer.fence) : undefined;
  if (fence === undefined) return;
  if ("ask" in asked) course.open.set(asked.ask.cert, fence);
  else if (asked.do === "take_over") course.open.set(openOne(course, asked.cert), fence);
}

const missing = await leftOut(["redis-server"]);
const suite = missing === undefined ? describe : describe.skip;

suite("Redis and the embedded store, asked the same", () => {
  let server: RunningRedis;
  let redis: RedisStore;
  let admin: Redis;
  beforeAll(async () => {
    server = await startRedis();
    redis = value(await openRedisStore({ url: server.url }));
    admin = new Redis(server.url, { lazyConnect: true });
    await admin.connect();
  }, 15 * 60_000);
  afterAll(async () => {
    admin.disconnect();
    await redis.close();
    await server.dispose();
  });

  it("answer the same and hold the same, whatever the order", async () => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
        await admin.flushall();
        const folder = await mkdtemp(join(tmpdir(), "seb-differential-"));
        const embedded = value(await openEmbeddedStore({ folder, disk: memoryDisk() }));
        const first = { epochs: { global: 2, subject: {}, policy: {} } };
        const course: Course = { view: viewFor("run", first), now_ms: START_MS, open: new Map() };
        try {
          for (const store of [embedded, redis])
            value(await store.writer.write(viewFor(value(await store.writer.runId()), first)));
          for (const asked of steps) {
            course.now_ms += asked.do === "take_over" ? asked.move : "ask" in asked ? asked.ask.move : 0;
            const expected = await run(embedded, course, asked);
            expect(outcome(await run(redis, course, asked))).toEqual(outcome(expected));
            follow(course, asked, expected);
            const kind = `${asked.do} ${expected.ok ? "ok" : expected.error.code}`;
            seen.set(kind, (seen.get(kind) ?? 0) + 1);
          }
          expect(await everything(redis)).toEqual(await everything(embedded));
        } finally {
          await embedded.close();
          await rm(folder, { recursive: true, force: true });
        }
      }),
      { numRuns: 40 },
    );
    // The comparison is worth something only if most answers came up.
    const codes = new Set([...seen.keys()].map((kind) => kind.split(" ")[1]));
    expect(codes.size).toBeGreaterThan(12);
  }, 120_000);
});
