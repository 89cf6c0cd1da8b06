/** How the services reach NATS. Files are read when a connection is made. */
export interface NatsAccess {
  readonly servers: readonly string[];
  readonly user?: string;
  readonly passwordFile?: string;
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  /** Base of the server's monitoring. */
  readonly monitorUrl?: string;
}
