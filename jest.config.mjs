import { availableParallelism } from "node:os";

/** Unit, property and contract tests read sources; `e2e/` has a configuration of its own, over the build. */
export default {
  testEnvironment: "node",
  rootDir: import.meta.dirname,
  roots: ["<rootDir>/packages", "<rootDir>/apps", "<rootDir>/infra", "<rootDir>/e2e/mutants"],
  testMatch: ["**/*.test.ts", "**/*.test.mjs"],
  testPathIgnorePatterns: ["/node_modules/", "/dist/"],
  modulePathIgnorePatterns: ["/dist/"],
  extensionsToTreatAsEsm: [".ts"],
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  testEnvironmentOptions: { customExportConditions: ["seb-source", "node", "node-addons"] },
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "es6" }, sourceMaps: "inline" },
    ],
  },
  injectGlobals: false,
  watchman: false,
  // One more than there are cores: those that wait for a server or a timeout leave theirs to others.
  maxWorkers: availableParallelism() + 1,
};
