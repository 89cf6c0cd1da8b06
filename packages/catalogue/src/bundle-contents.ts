import type {
  ActionDefinition,
  AgentDefinition,
  Modes,
  PersonDefinition,
  RootDefinition,
  ServiceDefinition,
  Thresholds,
  Windows,
} from "@seb/schema";
import type { PolicyTest } from "./policy-test.js";

/** One file of Cedar policies. */
export interface PolicyFile {
  /** Path in the control folder. */
  readonly file: string;
  readonly text: string;
}

/** A control folder that was read and checked as a whole. Its values are frozen. */
export interface Bundle {
  /** Digest (`seb-bundle-v1`) of the files. */
  readonly digest: string;
  /** By name. */
  readonly actions: ReadonlyMap<string, ActionDefinition>;
  readonly services: ReadonlyMap<string, ServiceDefinition>;
  /** By subject, e.g. `agent:oncall-v3`. */
  readonly agents: ReadonlyMap<string, AgentDefinition>;
  readonly people: ReadonlyMap<string, PersonDefinition>;
  readonly roots: ReadonlyMap<string, RootDefinition>;
  readonly windows: Windows;
  readonly modes: Modes;
  readonly thresholds: Thresholds;
  /** Cedar texts: all `policy/*.cedar` in path order. Not parsed here. */
  readonly policies: readonly PolicyFile[];
  readonly policyTests: readonly PolicyTest[];
}
