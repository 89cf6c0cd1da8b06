import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type Environment, startEnvironment } from "../harness/environment.js";
import { certify, NEW_IMAGE, OPERATION, verdict } from "../harness/scene.js";

let world: Environment;
let certificate: string;
let head: string;
beforeAll(async () => {
  world = await startEnvironment();
  certificate = await certify(world);
  head = world.gitops.head();
});
afterAll(() => world?.cleanup());

const parameters = OPERATION.parameters;
const upper = NEW_IMAGE.replace("sha256:", "SHA256:");
const CYRILLIC = NEW_IMAGE.replace("a", "\u0430");

/** Certificate for A, request A' that differs in one thing. */
const DIFFERENT: readonly [string, unknown, string][] = [
  ["another action", { ...OPERATION, action: "scale" }, "action_mismatch"],
  ["an action in capitals", { ...OPERATION, action: "Deploy" }, "request_invalid"],
  ["another service", { ...OPERATION, resource: "service:search/region:us-east-1" }, "resource_mismatch"],
  ["another region", { ...OPERATION, resource: "service:checkout/region:eu-west-1" }, "resource_mismatch"],
  ["a resource in capitals", { ...OPERATION, resource: "service:Checkout/region:us-east-1" }, "request_invalid"],
  ["a Cyrillic look-alike", { ...OPERATION, resource: "service:check\u043eut/region:us-east-1" }, "request_invalid"],
  ["a trailing slash", { ...OPERATION, resource: `${OPERATION.resource}/` }, "request_invalid"],
  ["a subresource", { ...OPERATION, resource: `${OPERATION.resource}/scale` }, "request_invalid"],
  ["a wildcard", { ...OPERATION, resource: "service:*/region:us-east-1" }, "request_invalid"],
  ["more replicas than certified", { ...OPERATION, parameters: { ...parameters, replicas: 40 } }, "scope_exceeded"],
  ["one replica too many", { ...OPERATION, parameters: { ...parameters, replicas: 13 } }, "scope_exceeded"],
  ["no replicas", { ...OPERATION, parameters: { ...parameters, replicas: 0 } }, "scope_exceeded"],
  ["negative replicas", { ...OPERATION, parameters: { ...parameters, replicas: -1 } }, "scope_exceeded"],
  ["replicas as text", { ...OPERATION, parameters: { ...parameters, replicas: "12" } }, "scope_exceeded"],
  ["replicas as a fraction", { ...OPERATION, parameters: { ...parameters, replicas: 11.5 } }, "request_invalid"],
  ["replicas as a list", { ...OPERATION, parameters: { ...parameters, replicas: [12] } }, "request_invalid"],
  ["a missing parameter", { ...OPERATION, parameters: { image_digest: NEW_IMAGE } }, "scope_exceeded"],
  ["an extra parameter", { ...OPERATION, parameters: { ...parameters, surge: 1 } }, "scope_exceeded"],
  [
    "another image",
    { ...OPERATION, parameters: { ...parameters, image_digest: `sha256:${"0".repeat(64)}` } },
    "scope_exceeded",
  ],
  ["the image in capitals", { ...OPERATION, parameters: { ...parameters, image_digest: upper } }, "scope_exceeded"],
  [
    "the image with a look-alike",
    { ...OPERATION, parameters: { ...parameters, image_digest: CYRILLIC } },
    "scope_exceeded",
  ],
  [
    "the image with a space",
    { ...OPERATION, parameters: { ...parameters, image_digest: `${NEW_IMAGE} ` } },
    "scope_exceeded",
  ],
  ["an extra field", { ...OPERATION, dry_run: false }, "request_invalid"],
  ["an extra field of prototypes", { ...OPERATION, constructor: {} }, "request_invalid"],
  ["a missing field", { action: OPERATION.action, resource: OPERATION.resource }, "request_invalid"],
  ["a list of operations", [OPERATION], "request_invalid"],
];

describe("a request that differs from the contract is refused", () => {
  it.each(DIFFERENT)("%s", async (_name, body, code) => {
    const answer = await world.agent.execute(certificate, body);
    expect(answer.body.code).toBe(code);
    if (!["request_invalid"].includes(code)) expect(answer.body.step).toBe("contract");
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(world.gitops.head()).toBe(head);
  });

  it.each([
    [
      "the same key twice",
      `{"action":"deploy","action":"deploy","resource":"${OPERATION.resource}","parameters":{}}`,
      "json_duplicate_key",
    ],
    [
      "a number beyond 2^53",
      `{"action":"deploy","resource":"${OPERATION.resource}","parameters":{"replicas":9007199254740993}}`,
      "json_unsafe_integer",
    ],
    [
      "an infinite number",
      `{"action":"deploy","resource":"${OPERATION.resource}","parameters":{"replicas":1e999}}`,
      "json_non_finite",
    ],
    ["a lone surrogate", `{"action":"deploy","resource":"\\ud800","parameters":{}}`, "json_lone_surrogate"],
    ["deep nesting", "[".repeat(5000), "json_too_deep"],
    ["no JSON", "action=deploy", "json_syntax"],
  ])("%s", async (_name, text, code) => {
    const answer = await world.agent.execute(certificate, text);
    expect(answer.body.code).toBe(code);
    expect(world.gitops.head()).toBe(head);
  });

  it("refuses a body that the proof was not made for", async () => {
    const url = `${world.urls.broker}/v1/executions`;
    const { proof } = await import("../harness/agent.js");
    const { digest } = await import("../harness/json.js");
    const other = { ...OPERATION, parameters: { ...parameters, replicas: 1 } };
    const dpop = await proof(world.key("agent"), { url, op: digest("seb-op-v1", other), certificate });
    const answer = await world.agent.execute(certificate, OPERATION, { proof: dpop });
    expect(verdict(answer)).toEqual({ status: 401, code: "proof_operation_mismatch", step: "possession" });
  });

  it("still executes the certified operation itself: every refusal left the certificate unspent", async () => {
    const answer = await world.agent.execute(certificate, OPERATION);
    expect(answer.body).toMatchObject({ state: "executed", replayed: false });
  });
});
