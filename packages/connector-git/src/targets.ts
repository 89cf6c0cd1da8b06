import { isAbsolute } from "node:path";
import { fail, ok, type Result } from "@seb/schema";
import { hasOnly, isBranch, isObject } from "./names.js";

/** One entry of targets.yaml with `connector: git`. */
export interface GitTarget {
  readonly name: string;
  /** An absolute path, `file:///...`, `https://...`, or `http://` on the loopback interface; never with user name or password. */
  readonly url: string;
  /** The only branch that may be changed. Without it an operation may name any branch. */
  readonly branch?: string;
  /** Author and committer of the commits. */
  readonly authorName: string;
  readonly authorEmail: string;
  /** Holds one line, `user:password`, sent as HTTP Basic authentication (RFC 7617). Readable by its owner only. */
  readonly credentialFile?: string;
  /** PEM bundle of the authorities that may vouch for the server; the system's when absent. */
  readonly caFile?: string;
}

const KEYS = ["connector", "url", "branch", "author_name", "author_email", "credential_file", "ca_file"];
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const AUTHOR = /^[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,78}[A-Za-z0-9_-])?$/;
const EMAIL = /^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,100}$/;
const PRINTABLE = /^[!-~]{1,500}$/;
/** A folder of this machine: its name may hold anything that is no control character. */
const PATH = /^\/\P{Cc}{0,499}$/u;
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Reads the git targets among all entries of targets.yaml; entries of other connectors are passed over.
 * A wrong one is `setting_invalid` with a pointer to the setting; its value is not repeated.
 */
export function readGitTargets(
  entries: Readonly<Record<string, unknown>>,
): Result<ReadonlyMap<string, GitTarget>, "setting_invalid"> {
  const targets = new Map<string, GitTarget>();
  for (const [name, entry] of Object.entries(entries)) {
    if (!isObject(entry) || entry.connector !== "git") continue;
    if (!NAME.test(name)) return fail("setting_invalid", "The name of a git target is not a DNS label.");
    const wrong = wrongSetting(entry);
    if (wrong !== undefined) {
      return fail("setting_invalid", `Target ${name}: ${wrong} is wrong.`, { pointer: `/targets/${name}/${wrong}` });
    }
    targets.set(name, toTarget(name, entry));
  }
  return ok(targets);
}

function wrongSetting(entry: Readonly<Record<string, unknown>>): string | undefined {
  const checks: Readonly<Record<string, (value: unknown) => boolean>> = {
    branch: isBranch,
    author_name: (value) => typeof value === "string" && AUTHOR.test(value),
    author_email: (value) => typeof value === "string" && EMAIL.test(value),
    credential_file: isFile,
    ca_file: isFile,
  };
  if (!hasOnly(entry, KEYS)) return "?";
  if (!isUrl(entry.url)) return "url";
  const wrong = Object.entries(checks).find(([key, check]) => entry[key] !== undefined && !check(entry[key]))?.[0];
  if (wrong !== undefined) return wrong;
  const isRemote = typeof entry.url === "string" && /^https?:/.test(entry.url);
  return entry.credential_file !== undefined && !isRemote ? "credential_file" : undefined;
}

const isFile = (value: unknown): boolean => typeof value === "string" && isAbsolute(value) && value.length <= 1000;

function isUrl(value: unknown): boolean {
  if (typeof value !== "string") return false;
  if (value.startsWith("/")) return PATH.test(value);
  if (!PRINTABLE.test(value)) return false;
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(value);
  if (username !== "" || password !== "" || search !== "" || hash !== "") return false;
  if (protocol === "file:") return hostname === "";
  return protocol === "https:" || (protocol === "http:" && LOOPBACK.includes(hostname));
}

function toTarget(name: string, entry: Readonly<Record<string, unknown>>): GitTarget {
  const text = (key: string) => (typeof entry[key] === "string" ? entry[key] : undefined);
  const [branch, credentialFile, caFile] = [text("branch"), text("credential_file"), text("ca_file")];
  return {
    name,
    url: text("url") ?? "",
    authorName: text("author_name") ?? "SEB broker",
    authorEmail: text("author_email") ?? "broker@seb.invalid",
    ...(branch === undefined ? {} : { branch }),
    ...(credentialFile === undefined ? {} : { credentialFile }),
    ...(caFile === undefined ? {} : { caFile }),
  };
}
