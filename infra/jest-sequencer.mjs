// Starts the long test files first, so that none of them runs alone at the end, also in a fresh clone, where jest has measured nothing yet.
import { basename } from "node:path";
import Sequencer from "@jest/test-sequencer";

/** Longest first; the others follow in jest's own order. A name too few costs time and nothing else. */
export const LONG = [
  "a-signer-outlives-its-certificates",
  "services-start-in-any-order",
  "without-a-record-nothing-happens",
  "an-operators-command-ends-in-time",
  "services-restart-in-any-order",
  "records-cannot-be-edited-unnoticed",
  "a-weak-store-is-not-ready",
  "one-key-signs-one-kind",
  "the-seed-pipeline-runs-as-written",
  "every-layer-refuses-alone",
  "a-command-says-whose-mistake-it-was",
  "a-certificate-works-once",
  "outside-its-window-a-certificate-is-refused",
  "kubernetes-drift-is-refused-by-the-apiserver",
  "no-secret-leaves-a-service",
  "a-dead-brokers-work-is-finished-once",
  "state-that-drifted-is-not-written",
  "signer-down-stops-writes-not-reads",
];

const place = ({ path }) => {
  const at = LONG.indexOf(basename(path).replace(/\.test\.ts$/, ""));
  return at < 0 ? LONG.length : at;
};

export default class LongestFirst extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => place(a) - place(b));
  }
}
