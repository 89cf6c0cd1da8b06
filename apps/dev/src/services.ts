import { createService as createBroker } from "@seb/broker";
import { createService as createRevocation } from "@seb/revocation";
import { type Closers, createClosers } from "@seb/service-kit";
import { createService as createSigner } from "@seb/signer";
import { brokerConfig, type Ports, revocationConfig, signerConfig } from "./configs.js";
import { brokerPorts, revocationPorts, type Shared, signerPorts } from "./deps.js";
import type { ServiceName } from "./layout.js";

interface Service {
  start(): Promise<{ readonly url: string; readonly port: number }>;
  stop(): Promise<void>;
}

/** A running service with everything it opened. */
export interface Running {
  readonly url: string;
  /** Drains the service, closes its chain, gives up its files. */
  stop(): Promise<void>;
}

const CREATE: Readonly<Record<ServiceName, (shared: Shared, ports: Ports, closers: Closers) => Promise<Service>>> = {
  signer: async (shared, ports, closers) => createSigner(signerConfig(ports), await signerPorts(shared, closers)),
  broker: async (shared, ports, closers) => createBroker(brokerConfig(ports), await brokerPorts(shared, closers)),
  revocation: async (shared, ports, closers) =>
    createRevocation(revocationConfig(ports), await revocationPorts(shared, closers)),
};

/** Opens a service's own files and starts it. When that fails, everything opened so far is given up again. */
export async function startService(name: ServiceName, shared: Shared, ports: Ports): Promise<Running> {
  const closers = createClosers();
  try {
    const service = await CREATE[name](shared, ports, closers);
    closers.add(() => service.stop());
    const { url } = await service.start();
    return { url, stop: () => closers.close() };
  } catch (error) {
    await closers.close().catch(() => undefined);
    throw error;
  }
}
