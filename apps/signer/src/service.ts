import { ok, opensOf } from "@seb/schema";
import { createHttpService, type ShellRefusal } from "@seb/service-kit";
import { bounded } from "./bounded.js";
import type { SignerConfig } from "./config.js";
import type { SignerPorts } from "./ports.js";
import { watchReadiness } from "./readiness.js";
import { signerRoutes } from "./routes.js";
import { createSigner } from "./signer.js";

const DRAIN_MS = 10_000;

/** A signer that can be started once and stopped once. */
export interface SignerService {
  start(): Promise<{ readonly url: string; readonly port: number }>;
  /** Stops taking requests, lets those under way end, then waits for what they journal. */
  stop(): Promise<void>;
}

/**
 * The signer over its ports: no environment, no adapter, no file is touched here. Reads the journal back first.
 * @throws when the journal's own records cannot be read.
 */
export async function createService(config: SignerConfig, ports: SignerPorts): Promise<SignerService> {
  const signer = await createSigner(config, ports);
  const readiness = watchReadiness(signer);
  const http = createHttpService({
    name: "signer",
    host: config.host,
    port: config.port,
    routes: signerRoutes(signer),
    readiness: readiness.reasons,
    opens: opensOf("signer"),
    metrics: ports.metrics,
    log: ports.log,
    clock: ports.clock,
    onRefused: (refusal) => void recordShellRefusal(ports, refusal),
  });
  return {
    async start() {
      await readiness.start();
      return http.listen();
    },
    async stop() {
      await http.close({ drainMs: DRAIN_MS });
      readiness.stop();
      await bounded(
        signer,
        signer.journal.settled().then(() => ok(undefined)),
      );
    },
  };
}

/** What the HTTP shell refused itself counts like any stranger's refusal. */
async function recordShellRefusal(ports: SignerPorts, { code, requestId, route }: ShellRefusal): Promise<void> {
  try {
    const recorded = await ports.refusals.refuse(false, code, { request_id: requestId, route });
    if (!recorded.ok)
      ports.log.error({ request_id: requestId, code: recorded.error.code }, "a refusal was not recorded");
  } catch (thrown) {
    ports.log.error({ request_id: requestId, err: thrown }, "a refusal was not recorded");
  }
}
