import type { ActionAnswer, CertificateClaims, Parameters } from "@seb/schema";

/** A parameter, as far as a command line must know it. */
export interface ParameterShape {
  readonly type: "string" | "integer" | "boolean";
  readonly description: string;
}

/** What flags an action has: one for each parameter, one for each scope key that is not itself a parameter's name. */
export interface ActionShape {
  readonly action: string;
  readonly parameters: ReadonlyMap<string, ParameterShape>;
  /** Parameters that an execution must restate. */
  readonly required: readonly string[];
  /** Scope keys, the parameter that each bounds, and how. */
  readonly bounds: ReadonlyMap<string, { readonly bounds: string; readonly by: string }>;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeOf(value: unknown): ParameterShape["type"] {
  return value === "integer" || value === "boolean" ? value : "string";
}

/** The flags that follow from an action's definition, as the signer gives it. */
export function shapeOfAction(answer: ActionAnswer): ActionShape {
  const properties = isRecord(answer.parameters.properties) ? answer.parameters.properties : {};
  const parameters = new Map<string, ParameterShape>();
  for (const [name, schema] of Object.entries(properties)) {
    if (!/^[a-z][a-z0-9_]{0,39}$/.test(name) || !isRecord(schema)) continue;
    const description = typeof schema.description === "string" ? schema.description : "";
    parameters.set(name, { type: typeOf(schema.type), description });
  }
  return {
    action: answer.name,
    parameters,
    required: [...parameters.keys()],
    bounds: new Map(Object.entries(answer.scope)),
  };
}

/**
 * What can be told of an action without its definition, for when the signer is down: the parameters that the certificate
 * was asked for, its open parameters, and a parameter for each scope key, typed as the value in the scope. A scope key may
 * have another name than what it bounds (`max_replicas`), so those are not required unless they are texts.
 */
export function shapeOfCertificate(claims: CertificateClaims, asked: Parameters = {}): ActionShape {
  const parameters = new Map<string, ParameterShape>();
  const required = new Set([...Object.keys(claims.contract.open), ...Object.keys(asked)]);
  const put = (name: string, value: unknown) => {
    const type = typeof value === "number" ? "integer" : typeof value === "boolean" ? "boolean" : "string";
    parameters.set(name, { type, description: "" });
  };
  for (const [name, value] of Object.entries(claims.scope)) {
    put(name, value);
    if (typeof value === "string" && Object.keys(asked).length === 0) required.add(name);
  }
  for (const [name, value] of Object.entries(asked)) put(name, value);
  for (const [name, open] of Object.entries(claims.contract.open)) put(name, open.type === "integer" ? 0 : "");
  return { action: claims.action, parameters, required: [...required], bounds: new Map() };
}
