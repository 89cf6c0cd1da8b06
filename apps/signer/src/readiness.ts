import { readVouched } from "@seb/authority";
import { endsWithin } from "@seb/concurrency";
import type { Signer } from "./signer.js";

/** Why the signer could not issue anything at this moment. */
export interface Readiness {
  /** None means ready. */
  reasons(): readonly string[];
  /** Looks once, then every half second. */
  start(): Promise<void>;
  stop(): void;
}

const EVERY_MS = 500;
const LOOK_TIMEOUT_MS = 2000;

/**
 * Watches what issuance needs: the journal, a fresh signed status, the view it vouches for, the active bundle (which is opened here, before
 * the first request asks for it), and a trust file that knows the certificate key.
 */
export function watchReadiness(
  signer: Pick<Signer, "agents" | "config" | "health" | "journal" | "key" | "status" | "trust" | "view">,
): Readiness {
  const { config } = signer;
  let seen: readonly string[] = ["starting"];
  let looking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    const [word, control] = await Promise.all([readVouched(signer), signer.agents.active()]);
    seen = [...new Set([word, control].flatMap((it) => (it.ok ? [] : [it.error.code])))];
  }

  function lookOnce(): Promise<void> {
    looking ??= endsWithin(look(), LOOK_TIMEOUT_MS)
      .then((done) => {
        if (!done) seen = ["deadline_exceeded"];
      })
      .catch(() => {
        seen = ["step_failed"];
      })
      .finally(() => {
        looking = undefined;
      });
    return looking;
  }

  return {
    reasons() {
      const broken = signer.journal.broken();
      const key = signer.trust().find("seb-cert+jwt", signer.key.kid);
      const status = signer.status.current();
      return [
        ...new Set([
          ...(signer.health?.() ?? []),
          ...(broken ? [broken] : []),
          ...(key?.name === config.issuer ? [] : ["token_key_unknown"]),
          ...(status.ok ? [] : [status.error.code]),
          ...seen,
        ]),
      ];
    },
    async start() {
      await lookOnce();
      timer = setInterval(() => void lookOnce(), EVERY_MS);
      timer.unref();
    },
    stop() {
      clearInterval(timer);
    },
  };
}
