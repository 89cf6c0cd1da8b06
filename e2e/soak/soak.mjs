// One soak: three services of the build as processes, thousands of certificates, and what has become of the signer.
import { setTimeout as sleep } from "node:timers/promises";
import { askForCertificates } from "./load.mjs";
import { reasonsOf, startServices } from "./services.mjs";
import { makeSoakWorld, SERVICES } from "./world.mjs";

const WORKERS = 16;
/** A process that dies is seen to be gone this long after its last answer, in milliseconds. */
const SEEN_GONE_MS = 2000;

/**
 * @param {{root: string, folder: string, node: string, certificates: number, signerOptions?: readonly string[], onProgress?: (issued: number) => void}} options
 *   `folder`: an empty one; `node`: path of the Node that runs the services; `signerOptions`: Node's options of the signer, none by default.
 * @returns see soak.d.mts
 */
export async function soak({ root, folder, node, certificates, signerOptions = [], onProgress = () => undefined }) {
  const world = await makeSoakWorld(root, folder, { workers: WORKERS });
  try {
    const { processes, stop } = await startServices(root, folder, world, { node, signerOptions });
    try {
      const { signer } = processes;
      let exit;
      void signer.exited.then((how) => {
        exit = how;
      });
      const { urls, workers } = world;
      const ended = () => exit !== undefined;
      const done = await askForCertificates({ urls, workers, certificates, ended, onIssued: onProgress });
      if (done.failure !== undefined) await Promise.race([signer.exited, sleep(SEEN_GONE_MS)]);
      const ready = exit === undefined && (await reasonsOf(urls.signer))?.length === 0;
      return {
        issued: done.issued,
        seconds: done.elapsedMs / 1000,
        perSecond: (done.issued * 1000) / done.elapsedMs,
        peakPerSecond: done.peakPerSecond,
        retried: done.retried,
        // Refused or lost while the signer lived.
        failure: exit === undefined ? done.failure?.message : undefined,
        exit,
        ready,
        stderr: SERVICES.map((name) => processes[name].stderr()).join(""),
      };
    } finally {
      await stop();
    }
  } finally {
    await world.stop();
  }
}
