import { readJsonFile, SECRET_MODE, writeWhole } from "@seb/mounts";
import { closed, ok, type Result, validate } from "@seb/schema";
import Type, { type Static } from "typebox";
import { SERVICES, type ServiceName } from "./layout.js";

const Url = Type.String({ maxLength: 100, pattern: "^http://127\\.0\\.0\\.1:[0-9]{1,5}$" });

/** `dev.json`: how `seb dev stop|start|status` finds the running process. It stays behind, so that the next start takes the same ports. */
export const DevFile = closed({
  ver: Type.Literal(1),
  pid: Type.Integer({ minimum: 1 }),
  urls: closed({ signer: Url, broker: Url, revocation: Url }),
  control: closed({ url: Url, token: Type.String({ maxLength: 64, pattern: "^[A-Za-z0-9_-]{32,64}$" }) }),
});
export type DevFile = Static<typeof DevFile>;

export async function writeDevFile(path: string, file: DevFile): Promise<void> {
  await writeWhole(path, `${JSON.stringify(file, null, 2)}\n`, SECRET_MODE);
}

/** The ports of the last start in this folder, if any. */
export async function lastPorts(path: string): Promise<Partial<Record<ServiceName, number>>> {
  const read = await readJsonFile(path);
  const file: Result<DevFile | undefined> = read.ok ? validate(DevFile, read.value, "setting_invalid") : ok(undefined);
  if (!file.ok || file.value === undefined) return {};
  const { urls } = file.value;
  return Object.fromEntries(SERVICES.map((service) => [service, Number(new URL(urls[service]).port)]));
}
