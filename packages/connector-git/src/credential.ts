import { readSecretFile } from "@seb/local";
import { fail, ok, type Result } from "@seb/schema";
import type { GitTarget } from "./targets.js";

const MAX_BYTES = 4096;
const USER_AND_PASSWORD = /^[!-9;-~]{1,200}:[!-~]{1,1000}$/;

/**
 * The Authorization header of a target, or undefined when it needs none. The file is read anew at each execution, so a rotated credential
 * is used without a restart. A missing, open, empty or malformed file is `target_unavailable`; nothing of its content is repeated.
 */
export function authorizationOf(target: GitTarget): Result<string | undefined, "target_unavailable"> {
  if (target.credentialFile === undefined) return ok(undefined);
  const text = readSecretFile(target.credentialFile, MAX_BYTES);
  if (!text.ok) return fail("target_unavailable", "The credential file cannot be read, is empty or is open to others.");
  const line = text.value.replace(/\r?\n$/, "");
  if (!USER_AND_PASSWORD.test(line)) {
    return fail("target_unavailable", "The credential file does not hold one line of user:password.");
  }
  return ok(`Authorization: Basic ${Buffer.from(line, "utf8").toString("base64")}`);
}
