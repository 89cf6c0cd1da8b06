// A dev folder made before the first start: as many services and agents as there are workers, with the example's actions and policies.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { newKey } from "./wire.mjs";

const YEAR_SECONDS = 31_536_000;
export const REGION = "us-east-1";
/** Namespace of every Deployment that is measured with. */
export const NAMESPACE = "bench";

const serviceName = (index) => `bench-${String(index).padStart(2, "0")}`;
export const repositoryOf = (service) => `registry.example/${service}`;
export const pathOf = (service) => `apps/${service}/${REGION}/deployment.yaml`;

function changeYaml(path, change) {
  writeFileSync(path, stringify(change(parse(readFileSync(path, "utf8")))));
}

const service = (name, target) => ({
  ver: 1,
  name,
  owner: "team-bench",
  description: "A service to measure with",
  image_repository: repositoryOf(name),
  source_repository: `https://git.example/bench/${name}`,
  tier: 1,
  regions: {
    [REGION]: {
      audience: "broker:dev",
      target,
      values: { path: pathOf(name), namespace: NAMESPACE, object: name, container: "app" },
    },
  },
});

const agent = (name, kid, expires) => ({
  ver: 1,
  subject: `agent:${name}`,
  owner: "team-bench",
  keys: [kid],
  actions: ["deploy", "k8s-deploy"],
  expires,
});

/** Ceilings that measuring does not meet. */
const ceilings = (names) => ({
  ver: 1,
  actions: ["deploy", "k8s-deploy"],
  resources: names.map((name) => `service:${name}/region:*`),
  subjects: ["agent:*"],
  max_tier: 2,
  max_lifetime_seconds: 120,
  executions_per_hour: 100_000,
  executions_per_hour_per_resource: 100_000,
});

/** The example's control folder with an action for clusters, and the builder's own key. */
function makeControl(root, control, builder, expires) {
  cpSync(join(root, "examples", "control"), control, { recursive: true });
  const clusterAction = join("actions", "k8s-deploy.yaml");
  cpSync(join(root, "examples", "kubernetes", clusterAction), join(control, clusterAction));
  const trusted = { keyid: builder.kid, jwk: builder.publicJwk, expires };
  changeYaml(join(control, "roots", "ci.yaml"), (value) => ({ ...value, ...trusted }));
}

/**
 * Writes keys, control folder and ceilings into `seb`; answers one worker per service, each with a key of its own, and the builder's key.
 * @param {string} target  the target of every service: `gitops` (made by `seb dev`), or an entry of a targets.yaml of the caller's.
 */
export function makeWorld(root, seb, { count, target }) {
  const keys = join(seb, "keys");
  mkdirSync(keys, { recursive: true });
  const builder = newKey();
  const builderKey = { role: "builder", name: "dev-builder", jwk: builder.jwk };
  writeFileSync(join(keys, "builder.json"), JSON.stringify(builderKey), { mode: 0o600 });
  const control = join(seb, "control");
  const expires = Math.floor(Date.now() / 1000) + YEAR_SECONDS;
  makeControl(root, control, builder, expires);

  const workers = Array.from({ length: count }, (_, index) => ({ service: serviceName(index), key: newKey() }));
  for (const { service: name, key } of workers) {
    writeFileSync(join(control, "services", `${name}.yaml`), stringify(service(name, target)));
    writeFileSync(join(control, "agents", `${name}.yaml`), stringify(agent(name, key.kid, expires)));
  }
  writeFileSync(join(seb, "ceilings.yaml"), stringify(ceilings(workers.map(({ service: name }) => name))));
  return { workers, builder };
}
