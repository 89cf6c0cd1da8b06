import {
  ActionDefinition,
  AgentDefinition,
  Modes,
  PersonDefinition,
  RootDefinition,
  ServiceDefinition,
  Thresholds,
  Windows,
} from "@seb/schema";
import type { Static, TSchema } from "typebox";
import type { Bundle } from "./bundle-contents.js";
import type { ControlReader } from "./control-reader.js";
import { type Folder, misnamed, pathsIn, stemOf } from "./files.js";
import { type PolicyTest, PolicyTestsFile, testsOf } from "./policy-test.js";

/**
 * What could be read of a control folder. A file with mistakes is missing here, but its name is known: what refers to it is not to blame.
 */
export interface Draft extends Pick<Bundle, Folder> {
  readonly windows: Windows | undefined;
  readonly modes: Modes | undefined;
  readonly thresholds: Thresholds | undefined;
  /** Files of policy tests by path. */
  readonly tests: ReadonlyMap<string, readonly PolicyTest[]>;
  /** Names that files give, whether they could be read or not: of agents, their subjects. */
  readonly names: Readonly<Record<Folder, ReadonlySet<string>>>;
}

/**
 * Reads every YAML file of a control folder; mistakes go to the reader.
 *
 * @param readable paths of files that can be read; @param paths all paths that are there.
 */
export function readDraft(reader: ControlReader, readable: readonly string[], paths: readonly string[]): Draft {
  const folder = <S extends TSchema>(name: Folder, schema: S, nameOf: (value: Static<S>) => Named) =>
    readFolder(reader, pathsIn(readable, name, ".yaml"), schema, nameOf);
  const byName = ({ name }: { readonly name: string }) => ({ field: "/name", name });
  const bySubject = ({ subject }: AgentDefinition) => ({ field: "/subject", name: subject });
  const stems = (name: Folder) => pathsIn(paths, name, ".yaml").map(stemOf);
  const tests = pathsIn(readable, "policy/tests", ".yaml").flatMap((path) => {
    const file = reader.read(path, PolicyTestsFile);
    return file === undefined ? [] : [[path, testsOf(path, file, (field) => reader.lineOf(path, field))] as const];
  });
  const single = <S extends TSchema>(path: string, schema: S) =>
    readable.includes(path) ? reader.read(path, schema) : undefined;
  return {
    actions: folder("actions", ActionDefinition, byName),
    services: folder("services", ServiceDefinition, byName),
    agents: folder("agents", AgentDefinition, bySubject),
    people: folder("people", PersonDefinition, byName),
    roots: folder("roots", RootDefinition, byName),
    windows: single("policy/windows.yaml", Windows),
    modes: single("policy/modes.yaml", Modes),
    thresholds: single("policy/thresholds.yaml", Thresholds),
    tests: new Map(tests),
    names: {
      actions: new Set(stems("actions")),
      services: new Set(stems("services")),
      agents: new Set(stems("agents").map((stem) => `agent:${stem}`)),
      people: new Set(stems("people")),
      roots: new Set(stems("roots")),
    },
  };
}

/** What a definition calls itself, and where it says so. */
interface Named {
  readonly field: string;
  readonly name: string;
}

/** Files of one folder by what they define; each must be named after that. */
function readFolder<S extends TSchema>(
  reader: ControlReader,
  paths: readonly string[],
  schema: S,
  nameOf: (value: Static<S>) => Named,
): ReadonlyMap<string, Static<S>> {
  const found = new Map<string, Static<S>>();
  for (const path of paths) {
    const value = reader.read(path, schema);
    if (value === undefined) continue;
    const { field, name } = nameOf(value);
    const expected = `${field === "/subject" ? "agent:" : ""}${stemOf(path)}`;
    if (name !== expected) reader.add(path, misnamed(field, name, expected));
    found.set(expected, value);
  }
  return found;
}
