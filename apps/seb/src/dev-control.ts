import { readFileSync } from "node:fs";
import { readJson } from "@seb/canonical";
import { createTransport } from "@seb/client";
import { closed, fail, type Result, validate } from "@seb/schema";
import Type, { type Static } from "typebox";
import type { Invocation } from "./command.js";

const Url = Type.String({ maxLength: 100, pattern: "^http://127\\.0\\.0\\.1:[0-9]{1,5}$" });
const Service = closed({ state: Type.Union([Type.Literal("running"), Type.Literal("stopped")]), url: Url });

/** What the control endpoint of `seb dev` answers. */
export const Services = closed({ services: closed({ signer: Service, broker: Service, revocation: Service }) });
export type Services = Static<typeof Services>;

/** The members of `dev.json` that are needed here. */
const DevFile = Type.Object({
  control: closed({ url: Url, token: Type.String({ maxLength: 64, pattern: "^[A-Za-z0-9_-]{32,64}$" }) }),
});

function readDevFile(path: string): Result<Static<typeof DevFile>> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch {
    return fail("setting_missing", `${path} does not exist: run seb dev first`);
  }
  const json = readJson(bytes, { maxBytes: 8192, maxDepth: 4 });
  const file = json.ok ? validate(DevFile, json.value, "setting_invalid") : json;
  return file.ok ? file : fail("setting_invalid", `${path} is not what seb dev writes`);
}

/** Asks the running `seb dev` of the folder: its services' states, or to stop or start one. */
export async function askDev(
  { settings, deadline }: Pick<Invocation, "settings" | "deadline">,
  ask: { readonly does: "status" } | { readonly does: "start" | "stop"; readonly service: string },
): Promise<Result<Services>> {
  const path = settings.inFolder("dev.json");
  if (!path.ok) return path;
  const file = readDevFile(path.value);
  if (!file.ok) return file;
  const { url, token } = file.value.control;
  const transport = createTransport();
  const common = { service: "dev", headers: { authorization: `Bearer ${token}` } } as const;
  try {
    return await transport.call(
      ask.does === "status"
        ? { ...common, method: "GET", url: `${url}/v1/services` }
        : { ...common, method: "POST", url: `${url}/v1/services/${encodeURIComponent(ask.service)}/${ask.does}` },
      Services,
      deadline,
    );
  } finally {
    await transport.close();
  }
}
