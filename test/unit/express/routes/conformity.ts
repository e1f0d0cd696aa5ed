import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'chai';
import { openApi } from '../../../../lib/express/openapi.js';
import type { Received } from './service.js';

export const document = openApi({ health: true, metrics: true });

const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
addFormats.default(ajv);
ajv.addVocabulary(['components']);
// Clients may get more than is written there one day; a test may not.
ajv.addSchema({ $id: 'http://document/', components: closed(document.components) });

/** The document knows this answer of this path, with its type, and its schema takes all of it and nothing else. */
export function expectDocumented(path: string, received: Pick<Received, 'status' | 'headers' | 'text'>): void {
  const what = `${path}: ${String(received.status)}`;
  const { responses } = document.paths[path]!.get;
  const response = responses[String(received.status)];
  expect(response, what).to.not.equal(undefined);
  const type = String(received.headers['content-type']).split(';')[0]!;
  expect(Object.keys(response!.content), what).to.deep.equal([type]);
  const value: unknown = type === 'text/plain' ? received.text : JSON.parse(received.text);
  expectValid(response!.content[type]!.schema, value, what);
}

export function expectValid(schema: object, value: unknown, what: string): void {
  const { $ref } = schema as { $ref?: string };
  const validate = ajv.compile($ref === undefined ? schema : { $ref: `http://document/${$ref}` });
  expect(validate(value), `${what}: ${ajv.errorsText(validate.errors)}`).to.equal(true);
}

function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in copy && copy.type === 'object' ? { ...copy, additionalProperties: false } : copy;
}
