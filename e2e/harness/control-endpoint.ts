import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Answer, http } from "./agent.js";
import type { Environment, ServiceName } from "./environment.js";

/** Address and token of the environment's control endpoint, from `dev.json`. */
export function controlOf(environment: Environment): { readonly url: string; readonly token: string } {
  return JSON.parse(readFileSync(join(environment.seb, "dev.json"), "utf8")).control;
}

/** Stops or starts one service as `seb dev stop|start` does, without the time that a command line takes. */
export async function control(environment: Environment, name: ServiceName, does: "start" | "stop"): Promise<Answer> {
  if (environment.real !== undefined) {
    await (does === "stop" ? environment.stopService(name) : environment.startService(name));
    return { status: 200, body: {}, headers: new Headers() };
  }
  const { url, token } = controlOf(environment);
  return http(`${url}/v1/services/${name}/${does}`, { method: "POST", headers: { authorization: `Bearer ${token}` } });
}
