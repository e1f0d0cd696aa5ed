import { Tokenizer } from '../core/sql/tokenizer.js';
import { MigrationRefusedError } from '../errors/migration-errors.js';
import type { MigrationDirection } from './reports.js';

/** A line as `-- migrate:up transaction:false`. */
export interface Marker {
  readonly direction: MigrationDirection;
  readonly transaction: boolean;
  readonly idempotent: boolean;
  /** 1 is the first. */
  readonly line: number;
  /** Where its line begins in the text. */
  readonly start: number;
  /** Where the next line begins. */
  readonly end: number;
}

const looksLikeOne = /^(.*?)--[ \t]*migrate:\w.*$/gim;
const form = /^-- *migrate:(up|down)((?: +(?:transaction|idempotent):(?:true|false))*) *$/;
const acceptedForm =
  'Accepted are "-- migrate:up" and "-- migrate:down" in a line of their own, with the options transaction:true, ' +
  'transaction:false, idempotent:true, idempotent:false, each once at most.';
/** Those of goose, sql-migrate, node-pg-migrate and Rambler: taken for comments, their way down would run with the way up. */
const foreign = /^--[ \t]*(?:\+goose|\+migrate|(?:up|down) migration|rambler (?:up|down))\b/i;

/** In the order of the text. Throws `MigrationRefusedError` with reason `markers`. */
export function readMarkers(text: string, file: string): Marker[] {
  const comments = commentStarts(text, file);
  return [...text.matchAll(looksLikeOne)].flatMap((match) => {
    const [content, before = ''] = match;
    const isComment = comments.has(match.index + before.length);
    const isOfOwnLine = before.trim() === '';
    if (!isComment && !isOfOwnLine) return [];
    const line = lineOf(text, match.index);
    const refuse = (message: string) => new MigrationRefusedError('markers', message, { file, line });
    if (!isComment) {
      throw refuse('a marker in a string or in a comment. Change the line, so that it does not look like a marker.');
    }
    const [, direction, given = ''] = form.exec(content) ?? [];
    const options = given.split(' ').filter((option) => option !== '');
    const keys = options.map((option) => option.slice(0, option.indexOf(':')));
    if (direction === undefined || new Set(keys).size < keys.length) {
      throw refuse(`a marker that is not understood. ${acceptedForm}`);
    }
    return {
      direction: direction === 'up' ? 'up' : 'down',
      transaction: !options.includes('transaction:false'),
      idempotent: options.includes('idempotent:true'),
      line,
      start: match.index,
      end: Math.min(match.index + content.length + 1, text.length),
    };
  });
}

function commentStarts(text: string, file: string): Set<number> {
  const starts = new Set<number>();
  const token = new Tokenizer(text);
  while (token.next()) {
    if (token.kind !== 'line-comment') continue;
    starts.add(token.start);
    if (foreign.test(text.slice(token.start, token.end))) {
      throw new MigrationRefusedError('markers', `a marker of another tool. ${acceptedForm}`, {
        file,
        line: lineOf(text, token.start),
      });
    }
  }
  return starts;
}

/** 1 is the first. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
