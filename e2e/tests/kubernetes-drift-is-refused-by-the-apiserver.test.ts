import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { leftOut } from "@seb/testkit";
import { type ClusterWorld, startCluster } from "../harness/cluster.js";
import { at, listAt, MERGE, STRATEGIC } from "../harness/cluster-calls.js";
import { CHANGES, type Change, imageOf, MARKER, pathsOf } from "../harness/cluster-world.js";
import { payloadOf } from "../harness/json.js";

const suite = (await leftOut(["redis-server", "nats-server", "etcd", "kube-apiserver"])) ? describe.skip : describe;
const SERVICES = ["cart", "book", "film", "song"];
const ROUNDS = 200;
const EXECUTIONS_UNDER_STATUS = 40;
const TEST_TIMEOUT_MS = 240_000;
/** The quota of accounts is counted anew this often. */
const RECOUNT_EVERY = 10;

/** A certified change, and a write by somebody else of a field that it certifies. */
interface Drift {
  readonly change: Change;
  readonly path: string;
  readonly foreign: object;
  /** What the object holds after the foreign write. */
  readonly field: (object: unknown) => unknown;
  readonly value: unknown;
}

const appOf = (object: unknown) => listAt(object, "spec", "template", "spec", "containers")[0];

function driftOf(service: string, round: number): Drift {
  const { deployment, config, job } = pathsOf(service);
  const image = imageOf(service, (round % 16).toString(16));
  const drifts: readonly Drift[] = [
    {
      change: CHANGES.scale(service, 7),
      path: deployment,
      foreign: { spec: { replicas: 100 + round } },
      field: (object) => at(object, "spec", "replicas"),
      value: 100 + round,
    },
    {
      change: CHANGES.level(service, "debug"),
      path: config,
      foreign: { data: { LOG_LEVEL: `foreign-${round}` } },
      field: (object) => at(object, "data", "LOG_LEVEL"),
      value: `foreign-${round}`,
    },
    {
      // A restart writes no image, but it was certified for the one that was looked at.
      change: CHANGES.restart(service, "2026-01-31T12:00:00Z"),
      path: deployment,
      foreign: { spec: { template: { spec: { containers: [{ name: "app", image }] } } } },
      field: (object) => at(appOf(object), "image"),
      value: image,
    },
    {
      // Made suspended, and then not and so in turn.
      change: CHANGES.drop(service),
      path: job,
      foreign: { spec: { suspend: Math.floor(round / 4) % 2 === 1 } },
      field: (object) => at(object, "spec", "suspend"),
      value: Math.floor(round / 4) % 2 === 1,
    },
  ];
  return drifts[round % drifts.length] as Drift;
}

suite("Kubernetes drift is refused by the API server", () => {
  let cluster: ClusterWorld;
  beforeAll(async () => {
    cluster = await startCluster({ services: SERVICES });
  });
  afterAll(() => cluster?.cleanup());
  beforeEach(() => {
    cluster.tap.before = undefined;
  });

  const typeOf = (path: string) => (path.includes("/deployments/") ? STRATEGIC : MERGE);

  it(
    `never writes upon a certified field that somebody wrote between check and write, in ${ROUNDS} rounds`,
    async () => {
      const waiting = new Map<string, object>();
      let interventions = 0;
      cluster.tap.before = async ({ method, path }) => {
        const foreign = waiting.get(path);
        if ((method !== "PATCH" && method !== "DELETE") || foreign === undefined) return;
        waiting.delete(path);
        interventions += 1;
        const answer = await cluster.call(cluster.stranger, "PATCH", path, foreign, typeOf(path));
        if (answer.status !== 200) throw new Error(`the foreign write: ${answer.status} ${answer.body.message}`);
      };
      const ended: string[] = [];
      const presented = new Set<string>();
      const held: unknown[] = [];
      /** One service's executions come one after another, those of different services side by side. */
      const work = async (service: string) => {
        for (let round = 0; round < ROUNDS / SERVICES.length; round += 1) {
          if (round % RECOUNT_EVERY === 0) await cluster.recount();
          const { change, path, foreign, field, value } = driftOf(service, round);
          const certificate = await cluster.certify(change);
          presented.add(String(payloadOf(certificate).jti));
          waiting.set(path, foreign);
          const { body } = await cluster.world.agent.execute(certificate, change.operation);
          ended.push(body.code === "state_drifted" ? body.code : JSON.stringify(body));
          const object = await cluster.must("GET", path);
          if (field(object) !== value || at(object, "metadata", "annotations", MARKER) !== undefined)
            held.push({ round, path, value, found: field(object) });
        }
      };
      await Promise.all(SERVICES.map(work));

      expect(held).toEqual([]);
      expect(interventions).toBe(ROUNDS);
      expect(ended).toEqual(Array.from({ length: ROUNDS }, () => "state_drifted"));
      expect(presented.size).toBe(ROUNDS);
      // The server itself refused each of them: what the broker sent was never carried out.
      const writes = cluster.tap.calls.filter(
        ({ method, path }) => (method === "PATCH" || method === "DELETE") && !path.includes("/seb-c-"),
      );
      expect(writes.length).toBeGreaterThanOrEqual(ROUNDS);
      expect(writes.filter(({ status }) => status < 400)).toEqual([]);
      const outcomes = cluster.world.ledger.find("broker", "outcome", { state: "not_executed", code: "state_drifted" });
      expect(new Set(outcomes.map(({ body }) => String(body.cert_id)))).toEqual(presented);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    "always goes through while a status changes at full speed",
    async () => {
      await cluster.recount();
      let writing = true;
      let writes = 0;
      const writeStatus = async (path: string) => {
        writes += 1;
        const { status } = await cluster.call(
          cluster.stranger,
          "PATCH",
          `${path}/status`,
          { status: { observedGeneration: writes } },
          MERGE,
        );
        if (status !== 200) throw new Error(`a status was not written: ${status}`);
      };
      const statusOf = (service: string) => pathsOf(service).deployment;
      // At full speed all the time, and once more at the worst moment of each execution.
      let between = 0;
      cluster.tap.before = async ({ method, path }) => {
        if (method !== "PATCH") return;
        between += 1;
        await writeStatus(path);
      };
      const writers = SERVICES.slice(0, 2).map(async (service) => {
        while (writing) await writeStatus(statusOf(service));
      });
      const ended: unknown[] = [];
      try {
        for (let round = 0; round < EXECUTIONS_UNDER_STATUS / 2; round += 1) {
          const answers = SERVICES.slice(0, 2).map(async (service) => {
            const change = CHANGES.scale(service, 3 + (round % 5));
            const certificate = await cluster.certify(change);
            const { body } = await cluster.world.agent.execute(certificate, change.operation);
            const object = await cluster.must("GET", statusOf(service));
            const marker = at(object, "metadata", "annotations", MARKER);
            ended.push([
              body.state ?? JSON.stringify(body),
              marker === payloadOf(certificate).jti,
              at(object, "spec", "replicas") === 3 + (round % 5),
            ]);
          });
          await Promise.all(answers);
        }
      } finally {
        writing = false;
        await Promise.all(writers);
      }
      expect(ended).toEqual(Array.from({ length: EXECUTIONS_UNDER_STATUS }, () => ["executed", true, true]));
      expect(between).toBeGreaterThanOrEqual(EXECUTIONS_UNDER_STATUS);
      expect(writes).toBeGreaterThan(EXECUTIONS_UNDER_STATUS * 2);
      process.stderr.write(`${writes} writes of status beside ${EXECUTIONS_UNDER_STATUS} executions\n`);
    },
    TEST_TIMEOUT_MS,
  );
});
