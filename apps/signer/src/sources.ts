import type { EvidenceSource } from "@seb/evidence";

/** Sources of evidence that signer.yaml may name under `evidence`: each comes from a package of its own, with its settings and client. */
export const SOURCES: readonly EvidenceSource[] = [];
