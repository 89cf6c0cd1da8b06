import { canonicalize, digest, readJson } from "@seb/canonical";
import {
  ActionDefinition,
  AgentDefinition,
  fail,
  failMistakes,
  Modes,
  ok,
  PersonDefinition,
  type Result,
  RootDefinition,
  ServiceDefinition,
  Thresholds,
  validate,
  Windows,
} from "@seb/schema";
import type { Bundle } from "./bundle-contents.js";
import { bundleMistakes } from "./cross-check.js";
import {
  type ControlFiles,
  checkFiles,
  MAX_BUNDLE_BYTES,
  mistakeIn,
  type PackCode,
  pathsIn,
  readFile,
  readFolder,
} from "./files.js";
import { languageMistakes } from "./language-check.js";
import { type PolicyTest, policyTests } from "./policy-test.js";

/**
 * Packs the texts of a control folder, by path relative to it, after reading and cross-checking every file.
 *
 * @returns the digest (`seb-bundle-v1`) and the bundle's text, which is the RFC 8785 form of `{ver: 1, files}`; or
 *   `bundle_unreadable` (paths, sizes, missing files) or `catalogue_invalid` (contents; `facts.file` and `facts.field` say where).
 */
export function packBundle(files: ControlFiles): Result<{ digest: string; text: string }, PackCode> {
  const read = readBundle(files);
  if (!read.ok) return read;
  return ok({ digest: read.value.digest, text: canonicalize({ ver: 1, files: { ...files } }) });
}

/**
 * Opens a packed bundle: the text must be the very one that `packBundle` makes and have the expected digest, and everything
 * in it is checked again. Any failure is `bundle_invalid`.
 */
export function openBundle(text: string, expectedDigest: string): Result<Bundle, "bundle_invalid"> {
  // Escapes make JSON longer than what it says, at most sixfold.
  const read = readJson(text, { maxBytes: MAX_BUNDLE_BYTES * 6, maxDepth: 3 });
  if (!read.ok) return fail("bundle_invalid", `not readable: ${read.error.code}`);
  const files = filesOf(read.value);
  if (files === undefined || canonicalize(read.value) !== text) return fail("bundle_invalid", "not a packed bundle");
  if (digest("seb-bundle-v1", read.value) !== expectedDigest) return fail("bundle_invalid", "the digest differs");
  const bundle = readBundle(files);
  if (bundle.ok) return bundle;
  const { detail, facts } = bundle.error;
  return fail("bundle_invalid", detail, facts === undefined ? {} : { facts });
}

function filesOf(value: unknown): ControlFiles | undefined {
  if (typeof value !== "object" || value === null || Object.keys(value).sort().join() !== "files,ver") return undefined;
  const { ver, files } = value as { ver: unknown; files: unknown };
  if (ver !== 1 || typeof files !== "object" || files === null || Array.isArray(files)) return undefined;
  return Object.values(files).every((text) => typeof text === "string") ? (files as ControlFiles) : undefined;
}

function readBundle(files: ControlFiles): Result<Bundle, PackCode> {
  const present = checkFiles(files);
  if (!present.ok) return present;
  const catalogue = readCatalogue(files);
  if (!catalogue.ok) return catalogue;
  const policy = readPolicy(files);
  if (!policy.ok) return policy;
  const bundle = {
    digest: digest("seb-bundle-v1", { ver: 1, files: { ...files } }),
    ...catalogue.value,
    ...policy.value,
  };
  for (const { file, ...mistake } of bundleMistakes(bundle)) return mistakeIn(file, mistake);
  const [first, ...more] = languageMistakes(bundle);
  return first === undefined ? ok(Object.freeze(bundle)) : failMistakes("catalogue_invalid", [first, ...more]);
}

type Catalogue = Pick<Bundle, "actions" | "services" | "agents" | "people" | "roots">;

function readCatalogue(files: ControlFiles): Result<Catalogue, PackCode> {
  const code = "catalogue_invalid";
  const actions = readFolder(
    files,
    "actions",
    (value) => validate(ActionDefinition, value, code),
    ({ name }) => name,
  );
  if (!actions.ok) return actions;
  const services = readFolder(
    files,
    "services",
    (value) => validate(ServiceDefinition, value, code),
    ({ name }) => name,
  );
  if (!services.ok) return services;
  const agents = readFolder(
    files,
    "agents",
    (value) => validate(AgentDefinition, value, code),
    ({ subject }) => subject.slice("agent:".length),
  );
  if (!agents.ok) return agents;
  const people = readFolder(
    files,
    "people",
    (value) => validate(PersonDefinition, value, code),
    ({ name }) => name,
  );
  if (!people.ok) return people;
  const roots = readFolder(
    files,
    "roots",
    (value) => validate(RootDefinition, value, code),
    ({ name }) => name,
  );
  if (!roots.ok) return roots;
  return ok({
    actions: actions.value,
    services: services.value,
    agents: new Map([...agents.value.values()].map((agent) => [agent.subject, agent])),
    people: people.value,
    roots: roots.value,
  });
}

type Policy = Pick<Bundle, "windows" | "modes" | "thresholds" | "cedar" | "policyTests">;

function readPolicy(files: ControlFiles): Result<Policy, PackCode> {
  const code = "catalogue_invalid";
  const windows = readFile(files, "policy/windows.yaml", (value) => validate(Windows, value, code));
  if (!windows.ok) return windows;
  const modes = readFile(files, "policy/modes.yaml", (value) => validate(Modes, value, code));
  if (!modes.ok) return modes;
  const thresholds = readFile(files, "policy/thresholds.yaml", (value) => validate(Thresholds, value, code));
  if (!thresholds.ok) return thresholds;
  const tests: PolicyTest[] = [];
  for (const path of pathsIn(files, "policy/tests", ".yaml")) {
    const read = readFile(files, path, policyTests);
    if (!read.ok) return read;
    tests.push(...read.value);
  }
  return ok({
    windows: windows.value,
    modes: modes.value,
    thresholds: thresholds.value,
    cedar: Object.freeze({
      policies: pathsIn(files, "policy", ".cedar")
        .map((path) => files[path])
        .join("\n"),
      schema: files["policy/schema.cedarschema"] ?? "",
    }),
    policyTests: Object.freeze(tests),
  });
}
