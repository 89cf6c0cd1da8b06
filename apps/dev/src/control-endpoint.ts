import { randomBytes } from "node:crypto";
import { equalBytes } from "@seb/canonical";
import { type Code, fail, ok, type Result } from "@seb/schema";
import { type Context, createHttpService, createMetrics, type Log, type Reply, type Route } from "@seb/service-kit";
import { DevError } from "./failure.js";
import { isServiceName, type ServiceName } from "./layout.js";

/** One service as the control endpoint reports it. */
export interface ServiceState {
  readonly state: "running" | "stopped";
  readonly url: string;
}

/** What the control endpoint can do. */
export interface Controlled {
  states(): Readonly<Record<ServiceName, ServiceState>>;
  start(name: ServiceName): Promise<void>;
  stop(name: ServiceName): Promise<void>;
}

export interface ControlEndpoint {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

const CODES: readonly Code[] = ["token_missing", "token_malformed", "not_found", "setting_invalid"];

function authorize(context: Context, token: string): Result<void> {
  const given = context.header("authorization");
  if (given === undefined) return fail("token_missing", "the token of dev.json is required");
  return equalBytes(given, `Bearer ${token}`) ? ok(undefined) : fail("token_malformed", "a wrong token");
}

async function act(context: Context, controlled: Controlled, does: "start" | "stop"): Promise<Reply> {
  const name = context.params.name ?? "";
  if (!isServiceName(name)) return { failure: fail("not_found", "the services are signer, broker, revocation").error };
  try {
    await controlled[does](name);
  } catch (error) {
    if (error instanceof DevError) return { failure: error.failure };
    throw error;
  }
  return { status: 200, body: { services: controlled.states() } };
}

/** Serves `seb dev stop|start|status` on a loopback port of the system's choice, for whoever can read `dev.json`. */
export async function openControlEndpoint(controlled: Controlled, log: Log): Promise<ControlEndpoint> {
  const token = randomBytes(32).toString("base64url");
  const guarded = (handle: (context: Context) => Promise<Reply>) => async (context: Context) => {
    const authorized = authorize(context, token);
    return authorized.ok ? handle(context) : { failure: authorized.error };
  };
  const route = (
    method: Route["method"],
    path: string,
    summary: string,
    handle: (context: Context) => Promise<Reply>,
  ) => ({
    method,
    path,
    summary,
    codes: CODES,
    handle: guarded(handle),
  });
  const http = createHttpService({
    name: "dev",
    host: "127.0.0.1",
    port: 0,
    routes: [
      route("GET", "/v1/services", "Which services run", async () => ({
        status: 200,
        body: { services: controlled.states() },
      })),
      route("POST", "/v1/services/:name/start", "Start a service", (context) => act(context, controlled, "start")),
      route("POST", "/v1/services/:name/stop", "Stop a service", (context) => act(context, controlled, "stop")),
    ],
    readiness: () => [],
    metrics: createMetrics("dev"),
    log,
  });
  const { url } = await http.listen();
  return { url, token, close: () => http.close({ drainMs: 1000 }) };
}
