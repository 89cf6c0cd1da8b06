import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { leftOut, type RunningKube, startKube } from "@seb/testkit";
import { bench } from "../test/bench.js";

const EXAMPLES = fileURLToPath(new URL("../../../../examples", import.meta.url));
const INSTALLER = { token: "installer-token", user: "installer", groups: ["system:masters", "seb-installers"] };
const STRANGER = { token: "stranger-token", user: "stranger", groups: [] };

/** What a test needs of a rendered object. */
interface Manifest {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Path of the collection of a rendered object, by the rule of the Kubernetes API for plurals. */
function collectionOf({ kind, apiVersion, metadata: { namespace } }: Manifest): string {
  const root = apiVersion.includes("/") ? "/apis" : "/api";
  const plural = `${kind.toLowerCase().replace(/y$/, "ie")}s`;
  return `${root}/${apiVersion}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${plural}`;
}

const suite = (await leftOut(["etcd", "kube-apiserver"])) === undefined ? describe : describe.skip;
let kube: RunningKube;

/** The status of a plain call as the installer. */
const call = async (method: string, path: string, body?: unknown) => (await ask(method, path, body)).code;
const fetched = async (method: string, path: string, body?: unknown): Promise<{ status?: { token?: unknown } }> =>
  JSON.parse((await ask(method, path, body)).text);

function ask(method: string, path: string, body: unknown): Promise<{ readonly code: number; readonly text: string }> {
  const payload = body === undefined ? "" : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request(
      `${kube.url}${path}`,
      {
        method,
        ca: kube.ca,
        headers: {
          authorization: `Bearer ${INSTALLER.token}`,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(payload),
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ code: response.statusCode ?? 0, text }));
      },
    );
    sent.once("error", reject);
    sent.end(payload);
  });
}

async function apply(manifest: Manifest): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const status = await call("POST", collectionOf(manifest), manifest);
    if (status < 300 || status === 409) return;
    // A kind that was just defined is served a moment later.
    if (status !== 404 || attempt === 100) throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The example control folder with the example's Kubernetes actions and service. */
function folder(token = INSTALLER.token) {
  const b = bench({ SEB_CONTROL: "control", SEB_TARGETS: "targets.yaml" });
  cpSync(`${EXAMPLES}/control`, b.path("control"), { recursive: true });
  cpSync(`${EXAMPLES}/kubernetes/actions`, b.path("control", "actions"), { recursive: true });
  cpSync(`${EXAMPLES}/kubernetes/services`, b.path("control", "services"), { recursive: true });
  writeFileSync(b.path("token"), token, { mode: 0o600 });
  mkdirSync(b.path("etc"));
  const entry = (server: string) =>
    `    connector: kubernetes\n    server: ${server}\n    ca_file: ${kube.caFile}\n    token_file: ${b.path("etc", "broker")}\n`;
  const targets = `ver: 1\ntargets:\n  cluster-us:\n${entry(kube.url)}  cluster-eu:\n${entry(kube.url)}`;
  writeFileSync(b.path("targets.yaml"), targets);
  return b;
}
const AS_INSTALLER = ["--target", "cluster-us", "--token-file", "token"];

suite("seb infra", () => {
  beforeAll(async () => {
    kube = await startKube({ audit: false, tokens: [INSTALLER, STRANGER] });
  }, 15 * 60_000);
  afterAll(() => kube?.dispose());

  it("renders what the catalogue needs of a cluster, and finds it there once it is applied", async () => {
    const b = folder();
    const rendered = await b.json("infra", "render", ...AS_INSTALLER);
    expect(rendered).toMatchObject({ exit: 0, value: { ok: true } });
    const manifests = rendered.value.manifests as readonly Manifest[];
    const kinds = new Set(manifests.map(({ kind }) => kind));
    for (const kind of ["Role", "ValidatingAdmissionPolicy", "ResourceQuota"]) expect(kinds).toContain(kind);
    // The other cluster's namespace is not of this one.
    expect(manifests.some(({ metadata }) => metadata.namespace === "shop-eu")).toBe(false);

    const before = await b.json("infra", "check", ...AS_INSTALLER);
    expect(before).toMatchObject({ exit: 1, value: { ok: false, objects: manifests.length } });
    await call("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "checkout" } });
    for (const manifest of manifests) await apply(manifest);
    expect(await b.json("infra", "check", ...AS_INSTALLER)).toMatchObject({
      exit: 0,
      value: { ok: true, objects: manifests.length, findings: [] },
    });

    const role = manifests.find(({ kind, metadata }) => kind === "Role" && metadata.namespace === "checkout");
    await call("DELETE", `${collectionOf(role as Manifest)}/${role?.metadata.name}`);
    expect((await b.json("infra", "check", ...AS_INSTALLER)).value).toMatchObject({
      ok: false,
      findings: [{ state: "missing", kind: "Role", name: role?.metadata.name, namespace: "checkout" }],
    });
  }, 60_000);

  it("sweeps as the janitor what dead executions left: old bindings and accounts, and nothing that is younger", async () => {
    const b = folder();
    const spec = { audiences: ["https://kubernetes.default.svc"], expirationSeconds: 600 };
    const path = "/api/v1/namespaces/seb-system/serviceaccounts/janitor/token";
    const made = await fetched("POST", path, { spec });
    writeFileSync(b.path("janitor"), String(made.status?.token), { mode: 0o600 });
    const asJanitor = ["--target", "cluster-us", "--token-file", "janitor"];
    // The server answers 429 for a moment after a kind was defined.
    for (let left = 100; left > 0; left -= 1) {
      if ((await b.json("infra", "sweep", ...asJanitor)).value.code !== "target_unavailable") break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const swept = { ok: true, bindings: [], accounts: [], exceptions: [], failed: [] };
    expect(await b.json("infra", "sweep", ...asJanitor)).toEqual({ exit: 0, value: swept });
    const named = ["--namespace", "checkout", "--older-than-minutes", "10"];
    expect(await b.json("infra", "sweep", ...asJanitor, ...named)).toEqual({ exit: 0, value: swept });
    expect((await b.json("infra", "sweep", ...asJanitor, "--older-than-minutes", "1")).value.code).toBe("usage");
    // A stranger's token is refused by the server.
    writeFileSync(b.path("stranger"), STRANGER.token, { mode: 0o600 });
    const asStranger = ["--target", "cluster-us", "--token-file", "stranger"];
    expect((await b.json("infra", "sweep", ...asStranger)).value.code).toBe("target_refused");
  });

  it("writes YAML, the same each time, with the guards of protect.yaml where it is given", async () => {
    const b = folder();
    const protect = `${EXAMPLES}/kubernetes/protect.yaml`;
    expect((await b.seb("infra", "render", ...AS_INSTALLER, "--out", "cluster.yaml")).exit).toBe(0);
    const plain = readFileSync(b.path("cluster.yaml"), "utf8");
    expect((await b.seb("infra", "render", ...AS_INSTALLER)).out).toBe(plain);
    const narrowed = b.path("protect.yaml");
    writeFileSync(narrowed, readFileSync(protect, "utf8").replaceAll("[checkout, shop-eu]", "[checkout]"));
    const guarded = await b.seb("infra", "render", ...AS_INSTALLER, "--protect", narrowed);
    expect(guarded).toMatchObject({ exit: 0 });
    expect(guarded.out.length).toBeGreaterThan(plain.length);
  });

  it("guards no repository: the host does, and says so", async () => {
    const b = folder();
    const gitops = "  gitops: { connector: git, url: /srv/ops.git }\n";
    writeFileSync(b.path("targets.yaml"), `ver: 1\ntargets:\n${gitops}`);
    for (const part of ["render", "check", "sweep"]) {
      const named = await b.json("infra", part, "--target", "gitops");
      expect(named).toMatchObject({ exit: 2, value: { code: "usage" } });
      expect(String(named.value.detail)).toMatch(/host|no identity/);
      expect((await b.json("infra", part)).value.code).toBe("usage");
    }
  });

  it("asks which cluster, and says what is wrong or not to be had", async () => {
    const b = folder(STRANGER.token);
    expect((await b.json("infra", "render")).value.code).toBe("usage");
    expect((await b.json("infra", "render", "--target", "moon")).value.code).toBe("usage");
    expect((await b.json("infra", "render", "--target", "cluster-us", "--targets", "none")).value.code).toBe(
      "setting_missing",
    );
    // The broker's own token file does not exist: nothing is sent.
    expect((await b.json("infra", "check", "--target", "cluster-us")).value.code).toBe("target_unavailable");
    expect((await b.json("infra", "check", ...AS_INSTALLER)).value.code).toBe("target_refused");
  });
});
