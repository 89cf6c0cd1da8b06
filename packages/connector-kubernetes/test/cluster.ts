// A running API server as the tests of this package use it: plain calls by anybody, and a broker's identity.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Json } from "@seb/canonical";
import { items, members, textAt } from "../src/json.js";

/** What of a started server is needed here. */
export interface Server {
  readonly url: string;
  readonly ca: string;
  readonly caFile: string;
  readonly adminToken: string;
}

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

export const EXECUTIONS = "seb-executions";
export const SYSTEM = "seb-system";
export const BROKER = "system:serviceaccount:seb-system:broker";
const RBAC = "/apis/rbac.authorization.k8s.io/v1";

/** Calls of anybody who has a token, over kept connections. */
export class Cluster {
  readonly server: Server;
  readonly folder = mkdtempSync(join(tmpdir(), "seb-kubernetes-"));
  readonly #agent: Agent;

  constructor(server: Server) {
    this.server = server;
    this.#agent = new Agent({ keepAlive: true, ca: server.ca });
  }

  call(
    token: string,
    method: string,
    path: string,
    body?: unknown,
    type = "application/json",
    more = {},
  ): Promise<Answer> {
    const payload = body === undefined ? "" : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${token}`,
      accept: "application/json",
      "content-type": type,
      // Node frames the body of a DELETE only when it is told its length.
      "content-length": Buffer.byteLength(payload),
      ...more,
    };
    return new Promise((resolve, reject) => {
      const sent = request(`${this.server.url}${path}`, { method, headers, agent: this.#agent }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: parsed(text) }));
      });
      sent.once("error", reject);
      sent.end(payload);
    });
  }

  admin(method: string, path: string, body?: unknown, type?: string): Promise<Answer> {
    return this.call(this.server.adminToken, method, path, body, type);
  }

  /** As the admin; throws unless the server says yes. */
  async must(method: string, path: string, body?: unknown, type?: string): Promise<Json> {
    const answer = await this.admin(method, path, body, type);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${textAt(answer.body, "message")}`);
    return answer.body;
  }

  async namespace(name: string): Promise<void> {
    await this.must("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }

  /** A token of an account, made if need be. */
  async tokenOf(namespace: string, name: string, audience = "https://kubernetes.default.svc"): Promise<string> {
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await this.admin("POST", accounts, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } });
    const wanted = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { audiences: [audience], expirationSeconds: 7200 },
    };
    return textAt(await this.must("POST", `${accounts}/${name}/token`, wanted), "status", "token") ?? "";
  }

  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  /** Namespaces and rights that a broker needs, without any policy; answers its token. */
  async plainBroker(): Promise<string> {
    await this.namespace(SYSTEM);
    await this.namespace(EXECUTIONS);
    await this.role(EXECUTIONS, "seb-broker", [
      { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["create", "delete", "get"] },
      { apiGroups: [""], resources: ["serviceaccounts/token"], verbs: ["create"] },
    ]);
    await this.bind(EXECUTIONS, "seb-broker", "broker");
    return this.tokenOf(SYSTEM, "broker");
  }

  async role(namespace: string, name: string, rules: readonly object[]): Promise<void> {
    const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name }, rules };
    await this.must("POST", `${RBAC}/namespaces/${namespace}/roles`, role);
  }

  async bind(namespace: string, role: string, account: string): Promise<void> {
    await this.must("POST", `${RBAC}/namespaces/${namespace}/rolebindings`, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: role },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role },
      subjects: [{ kind: "ServiceAccount", namespace: SYSTEM, name: account }],
    });
  }

  close(): void {
    this.#agent.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export { items, members, textAt };
