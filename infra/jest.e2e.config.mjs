import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import unit from "../jest.config.mjs";

const rootDir = fileURLToPath(new URL("../e2e", import.meta.url));

/** Black-box tests: they start what `npm run build` made, so they are slow, few at a time, and see no source but the test kit's. */
export default {
  testEnvironment: unit.testEnvironment,
  rootDir,
  roots: ["<rootDir>"],
  testMatch: ["<rootDir>/tests/**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/"],
  extensionsToTreatAsEsm: [".ts"],
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  testEnvironmentOptions: unit.testEnvironmentOptions,
  transform: unit.transform,
  injectGlobals: false,
  watchman: false,
  testTimeout: 120_000,
  testSequencer: fileURLToPath(new URL("jest-sequencer.mjs", import.meta.url)),
  // Never many: each has servers and services of its own.
  // Over real servers a file has three services and two servers of its own, which run as they do at users': no more files than cores.
  maxWorkers: process.env.SEB_ENV === "real" ? Math.min(availableParallelism(), 4) : Math.min(unit.maxWorkers, 4),
};
