import { fileURLToPath } from "node:url";

/** The built tree under test: this repository, or a copy of it that a mutant was put into. */
export const ROOT = process.env.SEB_ROOT ?? fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Executables of the build, by name. */
export const BIN = {
  "agent-cli": `${ROOT}/packages/agent-cli/bin/agent-cli.js`,
  "broker-cli": `${ROOT}/packages/agent-cli/bin/broker-cli.js`,
  seb: `${ROOT}/apps/seb/bin/seb.js`,
} as const;
export type Bin = keyof typeof BIN;

/**
 * Node's options of the embedded environment and of the tests' own tools, which live for seconds: what V8's optimizing compilers cost on a
 * machine with few cores is not given back in that time. Services over real servers run without them, as users run them: what optimized
 * code does, for better or worse, is seen there.
 */
export const BRIEF_LIFE = ["--no-opt", "--liftoff-only"] as const;

/** The process that embeds the three services. */
export const DEV_MAIN = `${ROOT}/apps/dev/dist/main.js`;
/** The same with a failpoint around a step, see `mains/failpoint.mjs`. */
export const FAILPOINT_MAIN = fileURLToPath(new URL("../mains/failpoint.mjs", import.meta.url));
/** The build's record verifier as a long-lived process, see `mains/verify-records.mjs`. */
export const VERIFY_RECORDS_MAIN = fileURLToPath(new URL("../mains/verify-records.mjs", import.meta.url));

/** The services as processes of their own. */
export const SERVICE_MAIN = {
  signer: `${ROOT}/apps/signer/dist/main.js`,
  broker: `${ROOT}/apps/broker/dist/main.js`,
  revocation: `${ROOT}/apps/revocation/dist/main.js`,
} as const;
const mainOf = (name: string) => fileURLToPath(new URL(`../mains/${name}`, import.meta.url));
export const FAILPOINT_SERVICE_MAIN = mainOf("failpoint-service.mjs");
/** Fills a dev folder without starting anything. */
export const PREPARE_MAIN = mainOf("prepare.mjs");
/** Copies a chain out of JetStream. */
export const READ_RECORDS_MAIN = mainOf("read-records.mjs");
/** What the administrator of NATS can do to the stream of records. */
export const STREAM_ADMIN_MAIN = mainOf("stream-admin.mjs");
/** A front of a running service that lists less in `/readyz`. */
export const READY_FRONT_MAIN = mainOf("ready-front.mjs");
/** What each part of the build says of a certificate under a view. */
export const REVOCATION_VERDICTS_MAIN = mainOf("revocation-verdicts.mjs");
/** One round of the janitor. */
export const SWEEP_MAIN = mainOf("sweep.mjs");
