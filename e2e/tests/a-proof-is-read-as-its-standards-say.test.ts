import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { http, proof } from "../harness/agent.js";
import { type Environment, startEnvironment } from "../harness/environment.js";
import { digest, payloadOf } from "../harness/json.js";
import { certify, OPERATION, verdict } from "../harness/scene.js";

let world: Environment;
beforeAll(async () => {
  world = await startEnvironment();
});
afterAll(() => world?.cleanup());

const key = () => world.key("agent");
const LOOK = { action: "deploy", service: "checkout", region: "us-east-1" };

/** Observes with a right proof but for its address. */
async function observeFor(htu: string) {
  const headers = { dpop: await proof(key(), { url: htu, op: digest("seb-op-v1", LOOK) }) };
  return http(`${world.urls.broker}/v1/observations`, { body: LOOK, headers });
}

describe("a HEAD request", () => {
  async function head(url: string, method: string): Promise<number> {
    return (await http(url, { method: "HEAD", headers: { dpop: await proof(key(), { url, method }) } })).status;
  }

  it.each([
    ["broker", "/v1/executions"],
    ["signer", "/v1/actions"],
    ["signer", "/v1/actions/deploy"],
  ] as const)("at the %s's %s takes a proof for HEAD and no other (RFC 9449, section 4.3)", async (service, path) => {
    const url = world.urls[service] + path;
    expect(await head(url, "HEAD")).toBe(200);
    expect(await head(url, "GET")).toBe(401);
    const lent = await http(url, { headers: { dpop: await proof(key(), { url, method: "HEAD" }) } });
    expect(verdict(lent)).toMatchObject({ status: 401, code: "proof_method_mismatch" });
  });
});

describe("the scheme of Authorization", () => {
  it("is the same in any case (RFC 9110, section 11.1)", async () => {
    const certificate = await certify(world);
    for (const scheme of ["dpop", "DPOP", "DPoP "]) {
      const answer = await world.agent.execute(certificate, OPERATION, {
        headers: { authorization: `${scheme} ${certificate}` },
      });
      expect(answer.body).toMatchObject({ state: "executed", cert_id: payloadOf(certificate).jti });
    }
    const bearer = { authorization: `bearer ${certificate}` };
    expect((await world.agent.execute(certificate, OPERATION, { headers: bearer })).body.code).toBe("header_invalid");
  });
});

describe("the address in a proof", () => {
  const spelled: readonly [string, (url: URL) => string][] = [
    ["as it is", ({ href }) => href],
    ["with its scheme in capitals", ({ protocol, host, pathname }) => `${protocol.toUpperCase()}//${host}${pathname}`],
    ["with a query and a fragment", ({ href }) => `${href}?a=b&c#d`],
    ["with escapes that none needs", ({ origin }) => `${origin}/v1/%6Fbservation%73`],
    ["with dot segments", ({ origin }) => `${origin}/v1/./x/../observations`],
  ];
  it.each(spelled)("counts %s (RFC 9449, section 4.3; RFC 3986, section 6.2)", async (_how, spell) => {
    const answer = await observeFor(spell(new URL(`${world.urls.broker}/v1/observations`)));
    expect(answer.status).toBe(200);
  });

  const others: readonly [string, (url: URL) => string][] = [
    ["another name of the host", ({ href }) => href.replace("127.0.0.1", "localhost")],
    [
      "another port",
      ({ href, port }) => href.replace(`:${port}`, `:${Number(port) === 65_535 ? 1 : Number(port) + 1}`),
    ],
    ["no port", ({ href, port }) => href.replace(`:${port}`, "")],
    ["a slash behind it", ({ href }) => `${href}/`],
    ["capitals in its path", ({ origin }) => `${origin}/V1/observations`],
    ["a user in front of the host", ({ href }) => href.replace("://", "://someone@")],
    ["only a path", ({ pathname }) => pathname],
  ];
  it.each(others)(
    "is another one with %s, and the refusal says which was found and which expected",
    async (_, spell) => {
      const expected = `${world.urls.broker}/v1/observations`;
      const htu = spell(new URL(expected));
      expect(htu).not.toBe(expected);
      const answer = await observeFor(htu);
      expect(verdict(answer)).toMatchObject({ status: 401, code: "proof_url_mismatch" });
      expect(answer.body.detail).toContain(expected);
      if (URL.canParse(htu) && new URL(htu).username === "") expect(answer.body.detail).toContain(htu);
    },
  );

  it("is quoted without its query, which might hold a secret", async () => {
    const answer = await observeFor("https://elsewhere.example/v1/observations?token=s3cret");
    expect(answer.body.detail).toContain("https://elsewhere.example/v1/observations");
    expect(JSON.stringify(answer.body)).not.toContain("s3cret");
  });
});

describe("the command lines", () => {
  it.each([
    ["a scheme in capitals", (url: string) => url.replace(/^[a-z]+/, (scheme) => scheme.toUpperCase())],
    ["slashes behind it", (url: string) => `${url}//`],
  ])("take a service's address with %s", async (_how, spell) => {
    const { signer, broker } = world.urls;
    const addresses = ["--signer-url", spell(signer), "--broker-url", spell(broker)];
    const place = ["--action", "deploy", "--service", "checkout", "--region", "us-east-1"];
    const done = await world.run("agent-cli", ["plan", ...place, ...addresses, "--json"]);
    expect({ exit: done.code, out: done.stdout }).toMatchObject({ exit: 0, out: expect.stringContaining("checkout") });
  });
});
