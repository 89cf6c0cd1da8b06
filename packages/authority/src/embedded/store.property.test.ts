import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import type { Standing } from "@seb/schema";
import fc from "fast-check";
import { certId, codeOf, execution, START_MS, standing, takeRequest, value, viewFor } from "../contract/subject.js";
import type { Pin, TakeRequest, View } from "../port.js";
import { type EmbeddedStore, openEmbeddedStore } from "./index.js";

/** What must be true, kept beside the store: only what was answered counts. */
interface Model {
  readonly folder: string;
  store: EmbeddedStore;
  /** The view that was last acknowledged. */
  view: View | undefined;
  /** False from a restart until a view with the new run id is written. */
  pinned: boolean;
  now_ms: number;
  readonly taken: Set<string>;
  readonly once: Set<string>;
  /** Highest fence and resource of each open entry. */
  readonly open: Map<string, { fence: number; request: TakeRequest }>;
  fence: number;
  readonly standing: Map<string, Standing>;
}

type Step =
  | {
      readonly do: "take";
      readonly cert: number;
      readonly once: number;
      readonly service: number;
      readonly minutes: number;
    }
  | { readonly do: "close" | "takeOver" | "late"; readonly cert: number }
  | { readonly do: "revoke"; readonly cert: number }
  | { readonly do: "view"; readonly by: number }
  | { readonly do: "restart" };

const small = fc.nat({ max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("take" as const),
      cert: small,
      once: small,
      service: fc.nat({ max: 2 }),
      minutes: fc.nat({ max: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom("close" as const, "takeOver" as const, "late" as const), cert: small }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("revoke" as const), cert: small }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("view" as const), by: fc.integer({ min: -1, max: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);

const openIn = async (folder: string) => value(await openEmbeddedStore({ folder, compactFrom: 4000 }));

function pinOf(model: Model, runId: string): Pin {
  const { view } = model;
  return { run_id: runId, generation: view?.generation ?? 1, min_seq: view?.seq ?? 0, now_ms: model.now_ms };
}

async function take(model: Model, runId: string, asked: Extract<Step, { do: "take" }>): Promise<void> {
  model.now_ms += asked.minutes * 60_000;
  const pin = pinOf(model, runId);
  const request = takeRequest(pin, asked.cert, {
    once: [{ id: `a_${asked.once}`, until: Math.floor(pin.now_ms / 1000) + 3600 }],
    resource: `service:s-${asked.service}/region:us-east-1`,
    epochs: { global: model.view?.epochs.global ?? 1, subject: 0, policy: { id: "auto-low-risk-v2", epoch: 0 } },
  });
  const result = await model.store.admission.take(request);
  const busy = [...model.open.values()].some((entry) => entry.request.resource === request.resource);
  if (!model.pinned) expect(codeOf(result)).toBe("store_discontinuity");
  else if (model.taken.has(request.cert_id)) expect(codeOf(result)).toBe("already_used");
  else if (model.standing.has(request.cert_id)) expect(codeOf(result)).toBe("revoked_certificate");
  else if (model.once.has(`a_${asked.once}`)) expect(codeOf(result)).toBe("once_used");
  else expect(codeOf(result)).toBe(busy ? "resource_busy" : "ok");
  if (!result.ok) return;
  expect(result.value.fence).toBeGreaterThan(model.fence);
  model.fence = result.value.fence;
  model.taken.add(request.cert_id);
  model.once.add(`a_${asked.once}`);
  model.open.set(request.cert_id, { fence: result.value.fence, request });
}

async function touch(
  model: Model,
  runId: string,
  asked: Extract<Step, { do: "close" | "takeOver" | "late" }>,
): Promise<void> {
  const id = certId(asked.cert);
  const held = model.open.get(id);
  const { admission } = model.store;
  const request = held?.request ?? takeRequest(pinOf(model, runId), asked.cert);
  if (asked.do === "takeOver") {
    const by = { broker: "broker-2", boot: 1, life_ms: 1000 };
    const result = await admission.takeOver(id, held?.fence ?? 1, by, pinOf(model, runId));
    expect(codeOf(result)).toBe(!model.pinned ? "store_discontinuity" : held === undefined ? "fence_lost" : "ok");
    if (!result.ok || held === undefined) return;
    expect(result.value.fence).toBeGreaterThan(model.fence);
    model.fence = result.value.fence;
    held.fence = result.value.fence;
    return;
  }
  const fence = asked.do === "late" ? (held?.fence ?? 1) - 1 : (held?.fence ?? 1);
  const result = await admission.close(id, fence, execution(request, "executed", fence));
  const closes = asked.do === "close" && held !== undefined;
  expect(codeOf(result)).toBe(closes ? "ok" : "fence_lost");
  if (closes) model.open.delete(id);
}

async function writeView(model: Model, runId: string, seq: number, list: readonly Standing[]): Promise<void> {
  const before = model.view;
  const renewed = !model.pinned && before !== undefined;
  const global = (before?.epochs.global ?? 1) + (renewed ? 1 : 0);
  const generation = (before?.generation ?? 1) + (renewed ? 1 : 0);
  const view = viewFor(runId, { seq, generation, epochs: { global, subject: {}, policy: {} }, standing: list });
  const result = await model.store.writer.write(view);
  const forward = before === undefined || renewed || seq > before.seq;
  expect(codeOf(result)).toBe(forward ? "ok" : "status_backwards");
  if (!result.ok) return;
  model.view = view;
  model.pinned = true;
  for (const one of list) model.standing.set(one.target.value, one);
}

async function run(model: Model, asked: Step): Promise<void> {
  if (asked.do === "restart") {
    const before = value(await model.store.writer.runId());
    await model.store.close();
    model.store = await openIn(model.folder);
    model.pinned = false;
    expect(value(await model.store.writer.runId())).not.toBe(before);
  }
  const runId = value(await model.store.writer.runId());
  const next = (model.view?.seq ?? 0) + 1;
  const revoked = asked.do === "revoke" ? [standing({ kind: "certificate", value: certId(asked.cert) })] : [];
  if (asked.do === "take") await take(model, runId, asked);
  else if (asked.do === "close" || asked.do === "takeOver" || asked.do === "late") await touch(model, runId, asked);
  else if (asked.do === "revoke") await writeView(model, runId, next, [...model.standing.values(), ...revoked]);
  else if (asked.do === "view")
    await writeView(model, runId, Math.max(0, next - 1 + asked.by), [...model.standing.values()]);
  await holds(model);
}

/** What stands after every step. */
async function holds(model: Model): Promise<void> {
  const { admission, writer, reader } = model.store;
  expect(value(await writer.current())).toEqual(model.view);
  expect(codeOf(await reader.read())).toBe(model.pinned ? "ok" : "store_discontinuity");
  const open = value(await admission.open());
  expect(open.map(({ cert_id, fence }) => [cert_id, fence])).toEqual(
    [...model.open].map(([id, { fence }]) => [id, fence]),
  );
  const resources = open.map(({ request }) => request.resource);
  expect(new Set(resources).size).toBe(resources.length);
}

describe("the embedded store, whatever is asked in whatever order", () => {
  it("takes each id once, forgets no revocation, lets no epoch and no fence fall, and refuses after a restart", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const folder = await mkdtemp(join(tmpdir(), "seb-model-"));
        const store = await openIn(folder);
        const model: Model = {
          folder,
          store,
          view: undefined,
          pinned: false,
          now_ms: START_MS,
          taken: new Set(),
          once: new Set(),
          open: new Map(),
          fence: 0,
          standing: new Map(),
        };
        try {
          for (const asked of steps) await run(model, asked);
        } finally {
          await model.store.close();
          await rm(folder, { recursive: true, force: true });
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
