import type { EvidenceInput } from "./provider.js";

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** The image that the change would run. */
export interface Artifact {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  /** Full reference: repository and digest. */
  readonly image: string;
}

/**
 * The artifact that attestations must be about: the requested image, or, for an action that leaves the image alone, the one that the
 * broker observed running.
 */
export function artifactOf(
  input: Pick<EvidenceInput, "scope" | "definition" | "observation" | "service">,
): Artifact | undefined {
  const repository = input.service.image_repository;
  if (Object.hasOwn(input.definition.parameters, "image_digest")) {
    const digest = input.scope.image_digest;
    return typeof digest === "string" && DIGEST.test(digest) ? { digest, image: `${repository}@${digest}` } : undefined;
  }
  const running = input.observation.state.values.image;
  if (typeof running !== "string" || !running.startsWith(`${repository}@`)) return undefined;
  const digest = running.slice(repository.length + 1);
  return DIGEST.test(digest) ? { digest, image: running } : undefined;
}
