/** JSON Schema 2020-12, as OpenAPI 3.1 takes it. */
export type Schema = Readonly<Record<string, unknown>>;

/** An object that has all of these properties, but for the optional ones. */
export function object(
  description: string,
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', description, required, properties };
}

export function list(description: string, items: Schema): Schema {
  return { type: 'array', description, items };
}

export function oneOf(description: string, ...values: readonly string[]): Schema {
  return { type: 'string', enum: values, description };
}

export function text(description: string): Schema {
  return { type: 'string', description };
}

export function flag(description: string): Schema {
  return { type: 'boolean', description };
}

/** A whole number. */
export function count(description: string): Schema {
  return { type: 'integer', minimum: 0, description };
}

export function amount(description: string): Schema {
  return { type: 'number', minimum: 0, description };
}

export function time(description: string): Schema {
  return { type: 'string', format: 'date-time', description };
}

export function nullable(schema: Schema): Schema {
  return typeof schema.type === 'string'
    ? { ...schema, type: [schema.type, 'null'] }
    : { anyOf: [schema, { type: 'null' }] };
}

export function schemaRef(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}
