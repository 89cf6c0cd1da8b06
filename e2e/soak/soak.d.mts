export interface SoakOptions {
  /** The checkout whose build runs. */
  readonly root: string;
  /** An empty folder for everything that the services and servers write. */
  readonly folder: string;
  /** Path of the Node executable that runs the services. */
  readonly node: string;
  readonly certificates: number;
  /** Node's options of the signer; none by default. */
  readonly signerOptions?: readonly string[];
  readonly onProgress?: (issued: number) => void;
}
export interface SoakResult {
  /** Certificates of different ids that were issued. */
  readonly issued: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** The same of the fastest 1,000 in a row; undefined when there were fewer. */
  readonly peakPerSecond: number | undefined;
  /** Requests that were made again because a service answered 503. */
  readonly retried: number;
  /** Why a request failed while the signer lived. */
  readonly failure: string | undefined;
  /** How the signer's process ended; undefined while it lives. It is never started again. */
  readonly exit: { readonly code: number | null; readonly signal: string | null } | undefined;
  /** Did the signer call itself ready after the last certificate? */
  readonly ready: boolean;
  /** What the three services wrote on their standard error: nothing, if Node has nothing to warn of. */
  readonly stderr: string;
}
export function soak(options: SoakOptions): Promise<SoakResult>;
