import { generateKeyPairSync } from "node:crypto";
import { calculateJwkThumbprint } from "jose";
import { type Row, swap } from "./row.js";

type Short = readonly [name: string, change: Row["change"], field: string, at: string, found: string, near?: string];

const SERVICE = (name: string) => `ver: 1
name: ${name}
owner: team-shop
description: A service
image_repository: registry.example/${name}
source_repository: https://git.example/shop/${name}
tier: 1
regions:
  us-east-1:
    audience: broker:dev
    target: gitops
    values:
      path: apps/${name}/us-east-1/deployment.yaml
  eu-west-1:
    audience: broker:dev
    target: gitops
    values:
      path: apps/${name}/eu-west-1/deployment.yaml
`;
const SERVICES: readonly Short[] = [
  ["a field misspelt", swap("owner:", "onwer:"), "/onwer", "onwer", "the field `onwer`", "owner"],
  ["a tier out of range", swap("tier: 1", "tier: 7"), "/tier", "tier: 7", "7"],
  ["a value misspelt", swap("      path:", "      paht:"), "/regions/us-east-1/values/paht", "paht", "`paht`", "path"],
  [
    "a value that is built in",
    swap("      path:", "      region: x\n      path:"),
    "/regions/us-east-1/values/region",
    "region: x",
    "`region`",
  ],
  [
    "a tag in its repository",
    (text) => text.replace(/(image_repository: .*)/, "$1:latest"),
    "/image_repository",
    ":latest",
    ":latest",
  ],
  [
    "two regions that are one place",
    (text) => text.replace("/eu-west-1/dep", "/us-east-1/dep"),
    "/regions/eu-west-1",
    "  eu-west-1:",
    "the same place",
  ],
  [
    "an audience in capitals",
    swap("broker:dev", "Broker:Dev"),
    "/regions/us-east-1/audience",
    "Broker:Dev",
    "`Broker:Dev`",
  ],
  [
    "a region that is no name",
    swap("  us-east-1:", "  us_east_1:"),
    "/regions/us_east_1",
    "us_east_1:",
    "the field `us_east_1`",
  ],
];

const AGENT = (name: string, index: number) => `ver: 1
subject: agent:${name}
owner: team-sre
keys: [${"Q".repeat(40)}${100 + index}]
actions: [deploy, scale]
expires: 2051222400
`;
const AGENTS: readonly Short[] = [
  ["an action that is none", swap("scale]", "sclae]"), "/actions/1", "actions", "`sclae`", "scale"],
  ["an action twice", swap("scale]", "deploy]"), "/actions/1", "actions", "`deploy` again"],
  ["no key", (text) => text.replace(/keys: .*/, "keys: []"), "/keys", "keys", "an empty list"],
  ["a key that is none", (text) => text.replace(/keys: .*/, "keys: [my-key]"), "/keys/0", "keys", "`my-key`"],
  ["a date for a time", swap("2051222400", "20351231"), "/expires", "20351231", "20351231"],
  ["text for a time", swap("2051222400", '"2035-12-31"'), "/expires", "2035-12-31", "the text `2035-12-31`"],
  ["a subject without its kind", swap("agent:", ""), "/subject", "subject", "`broken-"],
  ["a field misspelt", swap("actions:", "action:"), "/action", "action:", "the field `action`", "actions"],
];

const person = (name: string, kid: string, jwk: string) => `ver: 1
name: ${name}
groups: [approvers]
keys:
  - kid: ${kid}
    jwk: ${jwk}
agents: []
`;
const PEOPLE: readonly Short[] = [
  [
    "an agent that is none",
    swap("agents: []", 'agents: ["agent:oncall-v4"]'),
    "/agents/0",
    "agents",
    "`agent:oncall-v4`",
    "agent:oncall-v3",
  ],
  [
    "the kid of another key",
    (text) => text.replace(/kid: .*/, `kid: ${"B".repeat(43)}`),
    "/keys/0/kid",
    "kid",
    "another key",
  ],
  [
    "a private key",
    swap("crv: Ed25519,", "crv: Ed25519, d: hunter2-hunter2,"),
    "/keys/0/jwk/d",
    "d: hunter2",
    "the field `d`",
  ],
  ["a key of another kind", swap("kty: OKP", "kty: RSA"), "/keys/0/jwk/kty", "RSA", "`RSA`"],
  ["a group twice", swap("[approvers]", "[approvers, approvers]"), "/groups/1", "groups", "`approvers` again"],
  ["a field missing", swap("agents: []\n", ""), "/agents", "", "nothing"],
];

const root = (name: string, keyid: string, jwk: string) => `ver: 1
name: ${name}
keyid: ${keyid}
jwk: ${jwk}
predicate_types: ["https://in-toto.io/attestation/test-result/v0.1"]
expires: 2051222400
`;
const ROOTS: readonly Short[] = [
  [
    "a kind of statement twice",
    swap('v0.1"]', 'v0.1", "https://in-toto.io/attestation/test-result/v0.1"]'),
    "/predicate_types/1",
    "predicate_types",
    "again",
  ],
  ["an end in 1970", swap("2051222400", "0"), "/expires", "expires", "0"],
  ["a blank in its keyid", swap("keyid: ", "keyid: my "), "/keyid", "keyid", "text of 46 characters"],
];

async function key(): Promise<{ kid: string; jwk: string }> {
  const jwk = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  const kid = await calculateJwkThumbprint({ kty: "OKP", crv: "Ed25519", x: String(jwk.x) });
  return { kid, jwk: `{ kty: OKP, crv: Ed25519, x: ${jwk.x} }` };
}

function rowsOf(folder: string, what: string, rows: readonly Short[], texts: readonly string[]): Row[] {
  return rows.map(([name, change, field, at, found, near], index) => ({
    name: `${what} with ${name}`,
    file: `${folder}/${nameOf(index)}.yaml`,
    change: () => change(texts[index] ?? ""),
    field,
    ...(at === "" ? {} : { at }),
    found,
    ...(near === undefined ? {} : { near }),
  }));
}
const nameOf = (index: number) => `broken-${index + 1}`;

const keyed = (rows: readonly Short[], text: (name: string, kid: string, jwk: string) => string) =>
  Promise.all(
    rows.map(async (_, index) => {
      const { kid, jwk } = await key();
      return text(nameOf(index), kid, jwk);
    }),
  );

/** Mistakes of services, agents, people and roots: each in a file of its own, with a key of its own. */
export const DEFINITION_ROWS: readonly Row[] = [
  ...rowsOf(
    "services",
    "a service",
    SERVICES,
    SERVICES.map((_, index) => SERVICE(nameOf(index))),
  ),
  ...rowsOf(
    "agents",
    "an agent",
    AGENTS,
    AGENTS.map((_, index) => AGENT(nameOf(index), index)),
  ),
  ...rowsOf("people", "a person", PEOPLE, await keyed(PEOPLE, person)),
  ...rowsOf("roots", "a root", ROOTS, await keyed(ROOTS, root)),
];
