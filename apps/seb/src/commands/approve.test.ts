import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { base32Id } from "@seb/canonical";
import { compile, openBundle, stableContractDigest } from "@seb/catalogue";
import { generateKeyFile, type KeyFile, publicOf, signTrust } from "@seb/seal";
import { verifyApproval } from "@seb/verify-core";
import { installBundle, packFolder } from "../control-folder.js";
import type { Io } from "../io.js";
import { bench } from "../test/bench.js";

const CONTROL = fileURLToPath(new URL("../../../../examples/control", import.meta.url));
const ID = base32Id("p_", new Uint8Array(17));
const other = `sha256:${"0".repeat(64)}`;
const now = () => Math.floor(Date.now() / 1000);

function value<T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

/** A recorded request over the example control folder, as a signer shows it. */
function requestOver(packed: { digest: string; text: string }) {
  const scope = { image_digest: `sha256:${"a".repeat(64)}`, max_replicas: 40 };
  const resource = "service:checkout/region:us-east-1";
  const bundle = value(openBundle(packed.text, packed.digest));
  const contract = value(compile(bundle, "deploy", resource, scope, { "blob:x": "1" }));
  return {
    request: ID,
    state: "pending",
    subject: "agent:oncall-v3",
    action: "deploy",
    resource,
    scope,
    proposal: other,
    contract: stableContractDigest(contract),
    tier: 2,
    bundle: packed.digest,
    expires: now() + 3000,
    approvals: [],
    needed: 1,
  };
}

async function trustOf(owner: KeyFile, status: KeyFile): Promise<string> {
  const [from, exp] = [now() - 60, now() + 3600];
  const { kid, jwk } = publicOf(status);
  const key = { kid, role: "status" as const, name: status.name, jwk, aud: "env:dev", nbf: from, exp };
  return signTrust({ ver: 1, version: 1, iat: from, exp, owners: [publicOf(owner).jwk], keys: [key] }, [owner]);
}

let carol: KeyFile;
let request: ReturnType<typeof requestOver>;
let shown: Record<string, unknown>;
let server: Server;
let url = "";
let posted: string[] = [];
let proofs: unknown[] = [];

beforeAll(async () => {
  carol = await generateKeyFile("approval", "carol");
  request = requestOver(value(packFolder(CONTROL)));
  server = createServer((asked, answer) => {
    let body = "";
    asked.on("data", (chunk) => {
      body += chunk;
    });
    asked.on("end", () => {
      proofs.push(asked.headers.dpop);
      if (asked.method === "POST") posted.push(JSON.parse(body).approval);
      const said = asked.method === "POST" ? { request: ID, approvals: 1, needed: 1 } : { ...request, ...shown };
      answer.setHeader("content-type", "application/json");
      answer.end(JSON.stringify(said));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
});
afterAll(() => void server.close());

/** A folder with carol's key, a trust file, and the bundle unless left out. */
async function desk({ bundle = true, confirm }: { bundle?: boolean; confirm?: Io["confirm"] } = {}) {
  shown = {};
  posted = [];
  proofs = [];
  const b = bench({ SEB_SIGNER_URL: url, SEB_TRUST: "trust.json", SEB_TRUST_PINS: "pins.json" }, confirm);
  const owner = await generateKeyFile("owner", "owner-1");
  const write = (name: string, content: unknown) =>
    writeFileSync(b.path(name), typeof content === "string" ? content : JSON.stringify(content), { mode: 0o600 });
  write("carol.json", carol);
  write("agent.json", await generateKeyFile("agent", "agent:x"));
  write("trust.json", await trustOf(owner, await generateKeyFile("status", "revocation:dev")));
  write("pins.json", { owners: [publicOf(owner).kid], threshold: 1 });
  if (bundle) installBundle(b.path("bundles"), value(packFolder(CONTROL)));
  const approve = (...more: string[]) =>
    b.json("approve", ID, "--key", "carol.json", "--bundles", b.path("bundles"), ...more);
  return { b, approve };
}

describe("seb approve", () => {
  it("compiles the contract, signs exactly the request, and says what it did", async () => {
    const { approve } = await desk();
    const { exit, value: answer } = await approve("--yes");
    expect({ exit, ok: answer.ok, compiled: answer.contract_compiled }).toEqual({ exit: 0, ok: true, compiled: true });
    const { kid, jwk } = publicOf(carol);
    const keys = new Map([[kid, { jwk, name: "carol" }]]);
    const { claims } = value(await verifyApproval(posted[0] ?? "", keys, { audience: "env:dev", nowSeconds: now() }));
    const { proposal, contract, tier, bundle, expires } = request;
    expect(claims).toMatchObject({ sub: "carol", request: ID, proposal, contract, tier, bundle, exp: expires });
    expect(typeof proofs[0]).toBe("string");
  });

  it("without the bundle it says that nothing was compiled", async () => {
    const { approve } = await desk({ bundle: false });
    expect((await approve("--yes")).value).toMatchObject({ ok: true, contract_compiled: false });
  });

  it.each([
    ["another scope", { scope: { image_digest: `sha256:${"a".repeat(64)}`, max_replicas: 12 } }, "contract_mismatch"],
    ["another resource", { resource: "service:checkout/region:eu-west-1" }, "contract_mismatch"],
    ["another contract", { contract: other }, "contract_mismatch"],
    ["an expired request", { state: "expired" }, "approval_invalid"],
    ["a used request", { state: "issued" }, "approval_invalid"],
    ["another request", { request: base32Id("p_", new Uint8Array(17).fill(1)) }, "answer_invalid"],
  ])("a signer that shows %s gets no signature", async (_what, over, code) => {
    const { approve } = await desk();
    shown = over;
    expect((await approve("--yes")).value.code).toBe(code);
    expect(posted).toEqual([]);
  });

  it("signs nothing unless the person says yes", async () => {
    const unasked = await (await desk()).approve();
    expect({ exit: unasked.exit, code: unasked.value.code }).toEqual({ exit: 2, code: "usage" });
    expect((await (await desk({ confirm: async () => false })).approve()).exit).toBe(2);
    expect(posted).toEqual([]);
    expect((await (await desk({ confirm: async () => true })).approve()).exit).toBe(0);
    expect(posted).toHaveLength(1);
  });

  it("wants an approver's key, and the id of a request that waits", async () => {
    const { b } = await desk();
    expect((await b.json("approve", ID, "--key", "agent.json", "--yes")).value.code).toBe("setting_invalid");
    expect((await b.json("approve", ID, "--yes")).value.code).toBe("setting_missing");
    expect((await b.json("approve", "r_aaaaaaaaaaaaaaaaaaaaaaaaaa", "--key", "carol.json")).value.code).toBe("usage");
    expect(proofs).toEqual([]);
  });

  it("names the fields in plain words before it asks", async () => {
    const { b } = await desk({ confirm: async () => false });
    const left = await b.seb("approve", ID, "--key", "carol.json", "--bundles", b.path("bundles"));
    const { proposal, contract, bundle } = request;
    const words = ["agent:oncall-v3", "service:checkout/region:us-east-1", "max_replicas", "40"];
    // Everything that the signature will cover, too.
    for (const word of [...words, proposal, contract, bundle]) expect(left.err).toContain(word);
    expect(posted).toEqual([]);
  });
});
