import { isAbsolute } from "node:path";
import { kindOf, pointerOf, type Read, readOr, unknownMembers } from "@seb/connector-language";
import { isLoopback, type Mistake } from "@seb/schema";
import { isBranch } from "./names.js";

/** One entry of targets.yaml with `connector: git`. */
export interface GitEntry {
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

const AUTHOR = /^[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,78}[A-Za-z0-9_-])?$/;
const EMAIL = /^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,100}$/;
const PRINTABLE = /^[!-~]{1,500}$/;
/** A folder of this machine: its name may hold anything that is no control character. */
const PATH = /^\/\P{Cc}{0,499}$/u;

const isFile = (value: unknown): boolean => typeof value === "string" && isAbsolute(value) && value.length <= 1000;
const A_FILE = "an absolute path of at most 1000 characters";

/** What may stand at each setting, and how that is said. */
const SETTINGS: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  url: [
    isUrl,
    "https://..., file:///..., an absolute path, or http:// on the loopback interface, without user name, password, query or fragment",
  ],
  branch: [isBranch, "a branch name of letters, digits and ._/-"],
  author_name: [
    (value) => typeof value === "string" && AUTHOR.test(value),
    "a name of letters, digits, blanks and ._-",
  ],
  author_email: [(value) => typeof value === "string" && EMAIL.test(value), "an address"],
  credential_file: [isFile, A_FILE],
  ca_file: [isFile, A_FILE],
};

/** Reads an entry; its values stand in no mistake. */
export function readTarget(entry: Readonly<Record<string, unknown>>): Read<GitEntry> {
  const mistakes = [...unknownMembers(entry, ["connector", ...Object.keys(SETTINGS)], "")];
  for (const [setting, [isRight, expected]] of Object.entries(SETTINGS)) {
    const value = entry[setting];
    if ((value === undefined && setting !== "url") || isRight(value)) continue;
    mistakes.push(wrong(setting, value, expected));
  }
  const isRemote = typeof entry.url === "string" && /^https?:/.test(entry.url);
  if (isFile(entry.credential_file) && isUrl(entry.url) && !isRemote)
    mistakes.push(wrong("credential_file", entry.credential_file, "no credential, which only http targets take"));
  return readOr(mistakes, () => toTarget(entry));
}

function wrong(setting: string, value: unknown, expected: string): Mistake {
  return { file: "", field: pointerOf([setting]), found: kindOf(value), expected };
}

function isUrl(value: unknown): boolean {
  if (typeof value !== "string") return false;
  if (value.startsWith("/")) return PATH.test(value);
  if (!PRINTABLE.test(value)) return false;
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(value);
  if (username !== "" || password !== "" || search !== "" || hash !== "") return false;
  if (protocol === "file:") return hostname === "";
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

function toTarget(entry: Readonly<Record<string, unknown>>): GitEntry {
  const text = (key: string) => (typeof entry[key] === "string" ? entry[key] : undefined);
  const [branch, credentialFile, caFile] = [text("branch"), text("credential_file"), text("ca_file")];
  return {
    url: text("url") ?? "",
    authorName: text("author_name") ?? "SEB broker",
    authorEmail: text("author_email") ?? "broker@seb.invalid",
    ...(branch === undefined ? {} : { branch }),
    ...(credentialFile === undefined ? {} : { credentialFile }),
    ...(caFile === undefined ? {} : { caFile }),
  };
}
