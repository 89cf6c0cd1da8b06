import { type Manifest, PART_OF } from "./manifest.js";

const ADMISSION = "admissionregistration.k8s.io/v1";

/** A rule of CEL that must hold. */
export interface Validation {
  readonly expression: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: "Forbidden";
}

/** Requests that a policy looks at. */
export interface ResourceRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly scope?: "Namespaced" | "Cluster";
}

export interface PolicySpec {
  readonly rules: readonly ResourceRule[];
  /** Only in these namespaces. */
  readonly namespaces?: readonly string[];
  readonly conditions?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly validations: readonly Validation[];
  readonly auditAnnotations?: Readonly<Record<string, string>>;
  /** Name of the exceptions that the policy reads. */
  readonly exceptions?: string;
  /** Audit first: what would be refused is only noted and warned of. */
  readonly auditOnly?: boolean;
}

/** A rule that refuses with 403. */
export const forbid = (expression: string, message: string): Validation => ({
  expression,
  message,
  reason: "Forbidden",
});

/** A policy that fails closed, and its binding. */
export function policy(name: string, spec: PolicySpec): readonly Manifest[] {
  const named = (entries: Readonly<Record<string, string>>) =>
    Object.entries(entries).map(([key, expression]) => ({ name: key, expression }));
  const selector = (values: readonly string[]) => ({
    namespaceSelector: { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values }] },
  });
  const metadata = { name, labels: PART_OF };
  const { exceptions } = spec;
  return [
    {
      apiVersion: ADMISSION,
      kind: "ValidatingAdmissionPolicy",
      metadata,
      spec: {
        failurePolicy: "Fail",
        ...(exceptions === undefined ? {} : { paramKind: { apiVersion: "seb.dev/v1", kind: "GuardException" } }),
        matchConstraints: {
          ...(spec.namespaces === undefined ? {} : selector(spec.namespaces)),
          resourceRules: spec.rules.map((rule) => ({ ...rule, apiVersions: ["*"] })),
        },
        ...(spec.conditions === undefined ? {} : { matchConditions: named(spec.conditions) }),
        ...(spec.variables === undefined ? {} : { variables: named(spec.variables) }),
        validations: spec.validations,
        ...(spec.auditAnnotations === undefined
          ? {}
          : {
              auditAnnotations: Object.entries(spec.auditAnnotations).map(([key, valueExpression]) => ({
                key,
                valueExpression,
              })),
            }),
      },
    },
    {
      apiVersion: ADMISSION,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata,
      spec: {
        policyName: name,
        validationActions: spec.auditOnly === true ? ["Warn", "Audit"] : ["Deny", "Audit"],
        ...(exceptions === undefined ? {} : { paramRef: { name: exceptions, parameterNotFoundAction: "Deny" } }),
      },
    },
  ];
}
