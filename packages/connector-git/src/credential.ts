import { open } from "node:fs/promises";
import { fail, ok, type Result } from "@seb/schema";
import type { GitTarget } from "./targets.js";

const MAX_BYTES = 4096;
const USER_AND_PASSWORD = /^[!-9;-~]{1,200}:[!-~]{1,1000}$/;

/**
 * The Authorization header of a target, or undefined when it needs none. The file is read anew at each execution, so a rotated credential
 * is used without a restart. A missing, open or malformed file is `target_unavailable`; nothing of its content is repeated.
 */
export async function authorizationOf(target: GitTarget): Promise<Result<string | undefined, "target_unavailable">> {
  if (target.credentialFile === undefined) return ok(undefined);
  const text = await readPrivate(target.credentialFile);
  if (text === undefined) return fail("target_unavailable", "The credential file cannot be read or is open to others.");
  const line = text.replace(/\r?\n$/, "");
  if (!USER_AND_PASSWORD.test(line)) {
    return fail("target_unavailable", "The credential file does not hold one line of user:password.");
  }
  return ok(`Authorization: Basic ${Buffer.from(line, "utf8").toString("base64")}`);
}

async function readPrivate(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file, "r");
    try {
      const { mode, size } = await handle.stat();
      if ((mode & 0o077) !== 0 || size > MAX_BYTES) return undefined;
      return await handle.readFile("utf8");
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}
