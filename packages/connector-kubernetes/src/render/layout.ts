import type { CertifiedObject } from "./objects.js";

/** Names that a cluster's installation goes by, and its bounds. */
export interface Layout {
  /** Where the accounts of broker and janitor live. */
  readonly systemNamespace: string;
  /** Where the accounts of executions live, and nothing else. */
  readonly executionsNamespace: string;
  /** Audience of every token of an execution. */
  readonly audience: string;
  /** Account of the broker in the system namespace. */
  readonly broker: string;
  /** Account of the janitor in the system namespace. */
  readonly janitor: string;
  /** Group that may change what is rendered here. */
  readonly installers: string;
  /** Most accounts of executions at one time: what a flood of them meets. */
  readonly maxExecutions: number;
}

export const DEFAULT_LAYOUT: Layout = {
  systemNamespace: "seb-system",
  executionsNamespace: "seb-executions",
  audience: "https://kubernetes.default.svc",
  broker: "broker",
  janitor: "janitor",
  installers: "seb-installers",
  maxExecutions: 200,
};

/** How the API server calls an account of the system namespace. */
export const userOf = ({ systemNamespace }: Layout, account: string): string =>
  `system:serviceaccount:${systemNamespace}:${account}`;

/** Start of the user name of every execution. */
export const executionPrefix = ({ executionsNamespace }: Layout): string =>
  `system:serviceaccount:${executionsNamespace}:`;

/** Namespaces that hold certified objects, in order. */
export const guardedNamespaces = (objects: readonly CertifiedObject[]): readonly string[] =>
  [...new Set(objects.map(({ ref }) => ref.namespace))].sort();
