import { copyOf } from './copy-of.js';
import { fingerprint } from './fingerprint.js';
import type { Fingerprint } from './fingerprint.js';
import { isRead } from './is-read.js';
import { firstWord } from './openings.js';

export const operations = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'COPY',
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  'OTHER',
] as const;

/** What kind of statement it is, by its first words. */
export type Operation = (typeof operations)[number];

export interface KnownStatement extends Fingerprint {
  readonly operation: Operation;
}

const byFirstWord: Readonly<Record<string, Operation>> = {
  select: 'SELECT',
  values: 'SELECT',
  table: 'SELECT',
  insert: 'INSERT',
  update: 'UPDATE',
  delete: 'DELETE',
  merge: 'MERGE',
  copy: 'COPY',
  begin: 'BEGIN',
  start: 'BEGIN',
  commit: 'COMMIT',
  end: 'COMMIT',
  rollback: 'ROLLBACK',
  abort: 'ROLLBACK',
};

/** A longer text is rarely a constant, and is read anew each time. */
const LONGEST_KEPT = 8192;

/**
 * The fingerprints of texts that come again and again. Two halves, of which the older one is dropped when the younger one
 * is full: nearly as good as dropping the least recently used, and a text that is known costs one look into a Map.
 */
export class Statements {
  readonly #mostBytes: number;
  #young = new Map<string, KnownStatement>();
  #old = new Map<string, KnownStatement>();
  #bytes = 0;

  /** @param mostBytes of memory, about */
  constructor(mostBytes = 1_000_000) {
    this.#mostBytes = mostBytes;
  }

  of(text: string): KnownStatement {
    const known = this.#young.get(text);
    if (known !== undefined) return known;
    const before = this.#old.get(text);
    const statement = before ?? know(text);
    if (text.length <= LONGEST_KEPT) this.#keep(text, statement);
    return statement;
  }

  #keep(text: string, statement: KnownStatement): void {
    // Two bytes a character at the most, and what a Map and an object take.
    const bytes = 2 * (text.length + statement.text.length) + 250;
    if (this.#bytes + bytes > this.#mostBytes / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#bytes = 0;
    }
    this.#bytes += bytes;
    this.#young.set(copyOf(text), statement);
  }
}

function know(text: string): KnownStatement {
  const { id, text: shape } = fingerprint(text);
  return { id, text: copyOf(shape), operation: operationOf(text) };
}

function operationOf(text: string): Operation {
  const word = firstWord(text);
  // A parenthesis may stand before the word.
  if (word === 'with' || word === '') return isRead(text) ? 'SELECT' : 'OTHER';
  return Object.hasOwn(byFirstWord, word) ? (byFirstWord[word] ?? 'OTHER') : 'OTHER';
}
