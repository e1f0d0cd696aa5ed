import type { Scope } from '../core/scope/scope.js';
import { sqlComment } from '../core/sql/sql-comment.js';

/**
 * What is sent of a statement: with the tags of its request behind it. As it is where it has a comment of its own, as
 * sqlcommenter has it, and where it has a name, since a prepared statement has one text.
 */
export function tagged(config: unknown, scope: Scope | undefined): unknown {
  const tags = scope?.tags;
  if (tags === undefined) return config;
  const { text, name } = typeof config === 'string' ? { text: config, name: undefined } : (config as Named);
  if (name !== undefined || typeof text !== 'string' || /--|\/\*/.test(text)) return config;
  const comment = sqlComment(tags);
  if (comment === '') return config;
  const told = `${text} ${comment}`;
  return typeof config === 'string'
    ? told
    : (Object.create(config as object, { text: { value: told, writable: true } }) as unknown);
}

interface Named {
  readonly text?: unknown;
  readonly name?: unknown;
}
