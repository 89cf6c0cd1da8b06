import { Agent, request } from "node:https";

/** An answer of the API server; the body is `{}` where it is no JSON. */
export interface KubeAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export type KubeCall = (
  token: string,
  method: string,
  path: string,
  body?: unknown,
  type?: string,
  headers?: Readonly<Record<string, string>>,
) => Promise<KubeAnswer>;

export const MERGE = "application/merge-patch+json";
export const STRATEGIC = "application/strategic-merge-patch+json";
export const JSON_PATCH = "application/json-patch+json";
export const APPLY = "application/apply-patch+yaml";

const PARALLEL = 16;

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Plain calls of anybody who has a token, over kept connections. Nothing is retried. */
export function kubeCaller(url: string, ca: string): { readonly call: KubeCall; close(): void } {
  const agent = new Agent({ keepAlive: true, ca, maxSockets: PARALLEL * 2 });
  const call: KubeCall = (token, method, path, body, type = "application/json", more = {}) => {
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
      const sent = request(`${url}${path}`, { method, headers, agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString("utf8")) }),
        );
        response.once("error", reject);
      });
      sent.once("error", reject);
      sent.end(payload);
    });
  };
  return { call, close: () => agent.destroy() };
}

/** A member below an object, by its keys; undefined when there is none. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  let found = value;
  for (const key of keys) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

/** A member that is a list, else the empty one. */
export function listAt(value: unknown, ...keys: readonly string[]): readonly unknown[] {
  const found = at(value, ...keys);
  return Array.isArray(found) ? found : [];
}

/** Runs a task for every item, some at a time; answers in the order of the items. */
export async function eachOf<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await run(items[index] as T);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return results;
}

/** Name of the admission policy that refused; `rbac` when authorization did; the status otherwise. */
export function refusedBy({ status, body }: KubeAnswer): string {
  const message = String(body.message ?? "");
  const policy = /ValidatingAdmissionPolicy '([a-z0-9.-]+)'/.exec(message)?.[1];
  if (policy !== undefined) return policy;
  return status === 403 && /cannot |attempting to grant/.test(message) ? "rbac" : `${status} ${message}`;
}
