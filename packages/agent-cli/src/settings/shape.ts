import type { ActionAnswer, CertificateClaims } from "@seb/schema";

/** A parameter, as far as a command line must know it. */
export interface ParameterShape {
  readonly type: "string" | "integer" | "boolean";
  readonly description: string;
}

/** What flags an action has: one for each parameter, one for each scope key that is not itself a parameter's name. */
export interface ActionShape {
  readonly action: string;
  readonly parameters: ReadonlyMap<string, ParameterShape>;
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
  return { action: answer.name, parameters, bounds: new Map(Object.entries(answer.scope)) };
}

/**
 * What can be told of an action from a certificate alone, for when the signer is down: its open parameters, and a parameter
 * for each scope key, with the type of the value in the scope. The broker judges what comes of it.
 */
export function shapeOfCertificate(claims: CertificateClaims): ActionShape {
  const parameters = new Map<string, ParameterShape>();
  for (const [name, value] of Object.entries(claims.scope)) {
    const type = typeof value === "number" ? "integer" : typeof value === "boolean" ? "boolean" : "string";
    parameters.set(name, { type, description: "" });
  }
  for (const [name, open] of Object.entries(claims.contract.open)) {
    parameters.set(name, { type: open.type === "integer" ? "integer" : "string", description: "" });
  }
  return { action: claims.action, parameters, bounds: new Map() };
}
