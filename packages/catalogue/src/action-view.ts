import type { ActionAnswer, ActionDefinition, ParameterDefinition } from "@seb/schema";

/** An action as `GET /v1/actions/{name}` shows it: its parameters as a closed JSON Schema (2020-12), enough to make flags from. */
export function actionView(definition: ActionDefinition, bundleDigest: string, tier: number): ActionAnswer {
  const parameters = Object.entries(definition.parameters);
  return {
    name: definition.name,
    description: definition.description,
    bundle: bundleDigest,
    parameters: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: Object.fromEntries(parameters.map(([name, parameter]) => [name, schemaOf(parameter)])),
      required: parameters.map(([name]) => name),
      additionalProperties: false,
    },
    scope: Object.fromEntries(Object.entries(definition.scope).map(([key, { bounds, by }]) => [key, { bounds, by }])),
    connector: definition.connector,
    tier,
    timeout_seconds: definition.timeout_seconds,
  };
}

function schemaOf(parameter: ParameterDefinition): Record<string, unknown> {
  const { description } = parameter;
  switch (parameter.type) {
    case "string":
      return { type: "string", pattern: parameter.pattern, maxLength: parameter.max_length, description };
    case "integer":
      return { type: "integer", minimum: parameter.minimum, maximum: parameter.maximum, description };
    case "enum":
      return { type: "string", enum: [...parameter.values], description };
    case "boolean":
      return { type: "boolean", description };
  }
}
