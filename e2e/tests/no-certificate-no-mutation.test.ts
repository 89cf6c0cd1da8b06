import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { http } from "../harness/agent.js";
import { type Environment, startEnvironment } from "../harness/environment.js";
import { freshId } from "../harness/json.js";
import { certify, OPERATION, verdict } from "../harness/scene.js";

let world: Environment;
let head: string;
beforeAll(async () => {
  world = await startEnvironment();
  head = world.gitops.head();
});
afterAll(() => world?.cleanup());

describe("no certificate, no mutation", () => {
  const executions = () => `${world.urls.broker}/v1/executions`;
  const unchanged = () => expect(world.gitops.head()).toBe(head);

  it("refuses a write without an Authorization header, and says where to ask", async () => {
    const answer = await http(executions(), { body: OPERATION });
    expect(verdict(answer)).toEqual({ status: 401, code: "token_missing", step: "token" });
    expect(answer.headers.get("www-authenticate")).toMatch(/^DPoP/);
    expect(answer.headers.get("link")).toContain(world.urls.signer);
    unchanged();
  });

  it.each([
    ["another scheme", "Bearer abc.def.ghi", "header_invalid"],
    ["a scheme alone", "DPoP", "header_invalid"],
    ["a word", "DPoP certificate", "token_malformed"],
    ["dots", `DPoP ${".".repeat(2000)}`, "token_malformed"],
  ])("refuses %s", async (_name, authorization, code) => {
    const answer = await http(executions(), { body: OPERATION, headers: { authorization } });
    expect(answer.body.code).toBe(code);
    unchanged();
  });

  it("refuses a proof without a certificate: a key alone is no authority", async () => {
    const answer = await world.agent.post(executions(), OPERATION);
    expect(verdict(answer)).toMatchObject({ status: 401, code: "token_missing" });
    unchanged();
  });

  it("refuses an observation, a status and a made-up id in the certificate's place", async () => {
    const observed = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
    const status = await http(`${world.urls.revocation}/v1/status`);
    for (const token of [observed.body.observation, status.body.status, freshId("c_")]) {
      const answer = await world.agent.execute(String(token), OPERATION);
      expect(["token_typ_not_allowed", "token_header_invalid", "token_malformed"]).toContain(answer.body.code);
    }
    unchanged();
  });

  it("a certificate alone changes nothing either: it must be presented", async () => {
    await certify(world);
    unchanged();
  });

  it("offers no other way to write: every other method and path is a problem", async () => {
    for (const method of ["PUT", "PATCH", "DELETE"]) {
      const answer = await http(executions(), { method, body: OPERATION });
      expect(verdict(answer)).toMatchObject({ status: 405, code: "method_not_allowed" });
    }
    for (const path of ["/v1/execute", "/v1/executions/", "/v1//executions", "/v1/executions/..%2fexecutions"]) {
      const answer = await http(`${world.urls.broker}${path}`, { body: OPERATION });
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
    unchanged();
  });
});
