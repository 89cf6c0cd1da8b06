import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type SecretKind = "key" | "password" | "proof" | "certificate" | "evidence";

/** Something that must not be found where it does not belong. */
export interface Secret {
  readonly kind: SecretKind;
  readonly name: string;
  /** Any of these texts gives it away. */
  readonly texts: readonly string[];
}
/** Something that came out of the environment. */
export interface Output {
  readonly where: string;
  readonly text: string;
}

const signatureOf = (token: string) => token.slice(token.lastIndexOf(".") + 1);

/** Private key of a JWK: as it stands there, and its bytes in other spellings. */
export function keySecret(name: string, d: string): Secret {
  const bytes = Buffer.from(d, "base64url");
  return { kind: "key", name, texts: [d, bytes.toString("hex"), bytes.toString("base64").replaceAll("=", "")] };
}

/** A token whose signature alone already gives it away: everything else in it may be public. */
export function tokenSecret(kind: "proof" | "certificate", token: string): Secret {
  const signature = signatureOf(token);
  return { kind, name: `${kind} ${token.slice(-12)}`, texts: signature.length > 40 ? [token, signature] : [token] };
}

/** A password, also as HTTP Basic authentication shows it. */
export function passwordSecret(name: string, user: string, password: string): Secret {
  return { kind: "password", name, texts: [password, Buffer.from(`${user}:${password}`).toString("base64")] };
}

/** Secrets that stand in an output. */
export function found(secrets: Iterable<Secret>, { where, text }: Output): readonly string[] {
  const hits: string[] = [];
  for (const { kind, name, texts } of secrets) {
    if (texts.some((one) => one.length > 0 && text.includes(one))) hits.push(`${kind} (${name}) in ${where}`);
  }
  return hits;
}

/** Every file below a folder; lines that are compact tokens stand there decoded as well. */
export function filesBelow(folder: string, skip: (path: string) => boolean): readonly Output[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !skip(path.slice(folder.length + 1)))
    .map((path) => ({ where: path.slice(folder.length + 1), text: withPayloads(readFileSync(path, "latin1")) }));
}

/** A text with the payloads of all tokens in it, so that nothing hides behind their encoding. */
function withPayloads(text: string): string {
  const payloads = [...text.matchAll(/eyJ[\w-]+\.([\w-]+)\.[\w-]+/g)].map(([, payload]) =>
    Buffer.from(payload ?? "", "base64url").toString("latin1"),
  );
  // What a record holds of a token is one level deeper.
  return payloads.length === 0 ? text : [text, ...payloads].join("\n");
}
