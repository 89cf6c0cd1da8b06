import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { fail, ok, type Result } from "@seb/schema";
import { type FileCode, readBoundedFile, readSecretFile } from "./files.js";

/** Absolute paths of the PEM files of one client; all may be absent. */
export interface TlsFiles {
  /** Authorities that the server's certificate must come from; default: the system's. */
  readonly caFile?: string | undefined;
  /** The client's own certificate; needs `keyFile`. */
  readonly certFile?: string | undefined;
  /** The certificate's private key; only its owner can read it. */
  readonly keyFile?: string | undefined;
}

/** The texts of these files, as clients take them. */
export interface TlsTexts {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A failure that says which file it is about. */
type Read = Result<TlsTexts, FileCode> & { readonly at?: keyof TlsFiles };

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** One PEM certificate or more, each readable: a bundle of anything else would let the client trust nobody, without saying so. */
function holdsCertificates(text: string): boolean {
  const blocks = text.match(CERTIFICATE) ?? [];
  try {
    for (const block of blocks) new X509Certificate(block);
  } catch {
    return false;
  }
  return blocks.length > 0;
}

function belongTogether(cert: string, key: string): boolean {
  try {
    createSecureContext({ cert, key });
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads the files by which a client speaks TLS: certificates are PEM that can be parsed, the key is a secret file and belongs to the
 * certificate. Of a failure, `at` says which file it is about.
 */
export function readTls({ caFile, certFile, keyFile }: TlsFiles): Read {
  if ((certFile === undefined) !== (keyFile === undefined))
    return { ...fail("setting_invalid", "a client certificate and its key go together"), at: "keyFile" };
  const texts: { ca?: string; cert?: string; key?: string } = {};
  for (const [at, name, path] of [
    ["keyFile", "key", keyFile],
    ["caFile", "ca", caFile],
    ["certFile", "cert", certFile],
  ] as const) {
    if (path === undefined) continue;
    const read = name === "key" ? readSecretFile(path) : readBoundedFile(path);
    if (!read.ok) return { ...read, at };
    if (name !== "key" && !holdsCertificates(read.value))
      return { ...fail("setting_invalid", `${path} holds no PEM certificate`), at };
    texts[name] = read.value;
  }
  if (texts.cert !== undefined && texts.key !== undefined && !belongTogether(texts.cert, texts.key))
    return { ...fail("setting_invalid", `${keyFile} is not the key of ${certFile}`), at: "keyFile" };
  return ok(texts);
}
