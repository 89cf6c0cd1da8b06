import { createServer, type ServerResponse } from "node:http";
import { base64urlEncode } from "@seb/canonical";
import { type ActionAnswer, CODES, type Code } from "@seb/schema";

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}
type Answer =
  | { readonly status: number; readonly body: unknown }
  | { readonly code: Code; readonly id?: string }
  | "drop";

/** Like a record line; nothing here looks closer. */
export const RECEIPT = "eyJhbGciOiJFZDI1NTE5In0.e30.AAAA";
export const CERT_ID = `c_${"a".repeat(26)}`;
export const REFUSED_ID = `r_${"b".repeat(26)}`;
export const IMAGE = `sha256:${"1".repeat(64)}`;
const DIGEST = `sha256:${"2".repeat(64)}`;
const RESOURCE = "service:checkout/region:us-east-1";

/** A token in the form of a kind, with a signature that nobody made: these command lines verify none. */
function token(typ: string, claims: unknown): string {
  const part = (value: unknown) => base64urlEncode(new TextEncoder().encode(JSON.stringify(value)));
  const header = { alg: "Ed25519", typ, kid: "k".repeat(43) };
  return `${part(header)}.${part(claims)}.${base64urlEncode(new Uint8Array(64))}`;
}

export const OBSERVATION = token("seb-observation+jws", {
  ver: 1,
  iss: "broker:dev",
  aud: "env:dev",
  sub: "agent:oncall-v3",
  iat: 1_800_000_000,
  exp: 1_800_000_060,
  bundle: DIGEST,
  action: "deploy",
  resource: RESOURCE,
  state: {
    target: "gitops",
    uid: "root",
    version: "head",
    fields: { image: DIGEST, replicas: DIGEST },
    values: { image: "registry/checkout@sha256:0", replicas: 3 },
    previous: { image: "registry/checkout@sha256:9" },
    precondition: { "blob:a": "1" },
  },
});

/** A certificate for 12 replicas of {@link IMAGE}, bound to `jkt`. */
export function certificateFor(jkt: string): string {
  return token("seb-cert+jwt", {
    ver: 1,
    jti: CERT_ID,
    iss: "signer:dev",
    aud: "broker:dev",
    sub: "agent:oncall-v3",
    iat: 1_800_000_000,
    nbf: 1_800_000_000,
    exp: 1_800_000_090,
    action: "deploy",
    resource: RESOURCE,
    scope: { image_digest: IMAGE, max_replicas: 12 },
    contract: {
      ver: 1,
      action: "deploy",
      resource: RESOURCE,
      audience: "broker:dev",
      connector: "git",
      target: "gitops",
      operation: {},
      open: { replicas: { type: "integer", minimum: 1, maximum: 12 } },
      precondition: {},
      reconcile: "exact",
      identity: "held",
      timeout_seconds: 30,
    },
    bundle: DIGEST,
    evidence: { digest: DIGEST, facts: { tests: "passed" } },
    policy: { id: "auto-low-risk-v2", also: [], epoch: 1 },
    epochs: { global: 1, subject: 0 },
    tier: 1,
    mode: "enforce",
    once: [],
    cnf: { jkt },
  });
}

const DEPLOY: ActionAnswer = {
  name: "deploy",
  description: "Set image and replicas",
  bundle: DIGEST,
  parameters: {
    type: "object",
    properties: {
      image_digest: { type: "string", description: "image" },
      replicas: { type: "integer", description: "how many" },
    },
  },
  scope: {
    image_digest: { bounds: "image_digest", by: "equals" },
    max_replicas: { bounds: "replicas", by: "at_most" },
  },
  connector: "git",
  tier: 1,
  timeout_seconds: 30,
};

/** What both services answer unless a test says otherwise. */
function usual(seen: Seen, jkt: string): Answer {
  const { url } = seen;
  const ok = (body: unknown, status = 200) => ({ status, body });
  if (url === "/v1/actions/deploy") return ok(DEPLOY);
  if (url === "/v1/actions") return ok({ bundle: DIGEST, actions: [{ name: "deploy", description: "d" }] });
  if (url === "/v1/observations") return ok({ observation: OBSERVATION });
  if (url === "/v1/certificates") {
    const certificate = certificateFor(jkt);
    const rest = { not_after: 1_800_000_090, mode: "enforce", policy: "auto-low-risk-v2", replayed: false };
    return ok({ request: REFUSED_ID, certificate, cert_id: CERT_ID, ...rest }, 201);
  }
  if (url.startsWith("/v1/executions")) {
    const parameters = { image_digest: IMAGE, replicas: 12 };
    const execution = {
      cert_id: CERT_ID,
      state: "executed",
      replayed: false,
      action: "deploy",
      resource: RESOURCE,
      subject: "agent:oncall-v3",
      parameters,
      decided_at_ms: 1,
      closed_at_ms: 2,
      result: { commit: "abc" },
      code: null,
      fence: 0,
    };
    return ok(url.includes("?") ? { executions: [execution] } : { ...execution, receipt: RECEIPT });
  }
  if (url === "/v1/verifications") {
    const asked = seen.body;
    const request = typeof asked === "object" && asked !== null && "request" in asked ? String(asked.request) : "";
    const verdict = request.startsWith("u_")
      ? "no_certificate_unreachable"
      : request === ""
        ? "would_execute"
        : "no_certificate_refused";
    return ok({ verdict, code: null, step: null, cert_id: null, checked: ["token"], not_checked: [] });
  }
  return { code: "not_found" };
}

export interface Services {
  readonly url: string;
  readonly seen: Seen[];
  /** Answers for paths that differ from the usual ones. */
  readonly answers: Map<string, Answer>;
  jkt: string;
  close(): Promise<void>;
}

/**
 * Signer and broker as one real HTTP server on loopback, with answers that a test can change. The command lines are tested
 * here for what they print, keep and exit with on any answer; the black-box tests run them against the real services.
 */
export async function startServices(): Promise<Services> {
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += String(chunk);
    });
    request.on("end", () => {
      const body: unknown = text === "" ? undefined : JSON.parse(text);
      const seen = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
      services.seen.push(seen);
      send(response, services.answers.get(seen.url) ?? usual(seen, services.jkt));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const services: Services = {
    url: `http://127.0.0.1:${address.port}`,
    seen: [],
    answers: new Map(),
    jkt: "",
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return services;
}

function send(response: ServerResponse, answer: Answer): void {
  if (answer === "drop") {
    response.destroy();
    return;
  }
  if ("status" in answer) {
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(JSON.stringify(answer.body));
    return;
  }
  const { status, title, remedy, retry } = CODES[answer.code];
  const request_id = answer.id ?? REFUSED_ID;
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(
    JSON.stringify({ type: "t", title, status, code: answer.code, detail: title, remedy, retry, request_id }),
  );
}
