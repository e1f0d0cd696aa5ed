import type { Node } from 'libpg-query';
import { Tokenizer } from '../core/sql/tokenizer.js';

const MOST_WORDS = 7;

const modifiers =
  'global|local|temp|temporary|unlogged|unique|recursive|trusted|procedural|constraint|default|event|foreign|materialized';
const objects =
  'access method|aggregate|cast|collation|conversion|data wrapper|database|domain|extension|function|group|index|language|' +
  'large object|operator (?:class|family)|operator|policy|privileges|procedure|publication|role|routine|rule|schema|' +
  'sequence|server|statistics|subscription|system|table|tablespace|text search (?:configuration|dictionary|parser|template)|' +
  'transform|trigger|type|user mapping|user|view';
const tag = new RegExp(
  `^(?:(?:create|alter|drop)(?: or replace)?(?: (?:${modifiers}))* (?:${objects})\\b(?: concurrently\\b)?` +
    '|(?:drop|reassign) owned' +
    '|refresh materialized view(?: concurrently\\b)?' +
    '|reindex(?: (?:index|table|schema|database|system)\\b)?(?: concurrently\\b)?' +
    '|import foreign schema)',
);

/** Of a statement that the parser has taken: its keywords up to the kind of object, as `CREATE UNIQUE INDEX`. */
export function tagOf(statement: string, node: Node): string {
  const words = leadingWords(statement);
  const found = tag.exec(words.join(' '))?.[0] ?? words[0];
  if (found !== undefined && found !== 'with') return found.toUpperCase();
  // A parenthesis, or the queries of WITH, stand before the keyword: the tree knows it.
  const [kind = ''] = Object.keys(node);
  return kind.replace(/Stmt$/, '').toUpperCase();
}

function leadingWords(statement: string): string[] {
  const token = new Tokenizer(statement);
  const words: string[] = [];
  while (words.length < MOST_WORDS && token.next()) {
    if (token.kind === 'word') words.push(statement.slice(token.start, token.end).toLowerCase());
    else if (token.kind !== 'whitespace' && token.kind !== 'line-comment' && token.kind !== 'block-comment') break;
  }
  return words;
}
