import { schemaRef } from './schema.js';
import type { Schema } from './schema.js';

interface Content {
  readonly description: string;
  readonly content: Readonly<Record<string, { readonly schema: Schema; readonly example: unknown }>>;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Schema[];
  readonly responses: Readonly<Record<string, Content>>;
}

export type Paths = Readonly<Record<string, { readonly get: Operation }>>;

export function json(description: string, schema: string, example: unknown): Content {
  return { description, content: { 'application/json': { schema: schemaRef(schema), example } } };
}

export function problem(description: string, code: string, status: number, more: object = {}): Content {
  const type = `urn:express-db-resilience:${code.toLowerCase().replaceAll('_', '-')}`;
  const example = {
    type,
    title: description,
    status,
    detail: 'What is wrong, and what to do about it.',
    code,
    ...more,
  };
  return { description, content: { 'application/problem+json': { schema: schemaRef('Problem'), example } } };
}

/** What every route may answer. HEAD is answered like GET, without a body. */
export const common: Operation['responses'] = {
  405: json('Neither GET nor HEAD', 'MethodNotAllowed', { status: 'method_not_allowed' }),
  500: problem('The report failed', 'INTERNAL', 500),
};
