import { readFileSync } from "node:fs";
import type { ClientTls } from "./probe.js";

/** PEM files of a server that speaks TLS. */
export interface TlsFiles {
  caFile: string;
  certFile: string;
  keyFile: string;
  /** Refuse clients without a certificate of `caFile`; default no. */
  verifyClients?: boolean;
  /** What the launcher itself shows when it asks whether the server is ready; needed with `verifyClients`. */
  clientCertFile?: string;
  clientKeyFile?: string;
}

/** The files as a client of that server reads them. */
export function clientTlsOf(files: TlsFiles | undefined): ClientTls | undefined {
  if (files === undefined) return undefined;
  const read = (path: string) => readFileSync(path, "utf8");
  const { caFile, clientCertFile, clientKeyFile } = files;
  return {
    ca: read(caFile),
    ...(clientCertFile === undefined ? {} : { cert: read(clientCertFile) }),
    ...(clientKeyFile === undefined ? {} : { key: read(clientKeyFile) }),
  };
}
