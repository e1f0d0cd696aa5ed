import { createHash } from 'node:crypto';
import { Setting } from './setting.js';
import { Tokenizer } from './tokenizer.js';
import type { TokenKind } from './tokenizer.js';

/** What two statements share that differ in their values only. */
export interface Fingerprint {
  /** 16 hexadecimal digits of the SHA-256 of `text`. */
  readonly id: string;
  /** The statement without values and comments: `select * from t where id in (?)`. */
  readonly text: string;
}

/** A longer statement is known by its first 8,192 characters, so that a huge one costs no more than a long one. */
const prefixLength = 8192;

// An expression or a parenthesis of its own follows these words, so a sign after them belongs to the number behind it.
const beforeExpression = new Set(
  (
    'all and any as between by case check default distinct else except exists fetch filter from having if ilike in ' +
    'intersect into is join lateral like limit not offset on or over return returning select set similar some symmetric ' +
    'then union using values when where with within'
  ).split(' '),
);

// A quote too many, 'O'Brien', turns all that follows inside out. Nobody writes one of these right behind a quote.
const neverTouches = new Set<TokenKind>(['word', 'number', 'string', 'quoted-identifier']);

/**
 * Normalises a statement: every string, number and parameter becomes `?`, comments go, white space collapses, keywords
 * and unquoted identifiers are in lower case, and a list of like values is written once. `null`, `true` and `false` stay,
 * for they are part of a statement's shape. What a literal held is never in the result, not even where its end is missing.
 * Where quotes do not match, nothing behind the first one is in it: what seems to be outside of them may be inside.
 * Not cached.
 */
export function fingerprint(statement: string): Fingerprint {
  const text = shapeOf(statement);
  // Not a slice of all 64 digits, which would keep them.
  return { id: createHash('sha256').update(text).digest().toString('hex', 0, 8), text };
}

function shapeOf(statement: string): string {
  const cut = statement.length > prefixLength;
  const prefix = cut ? statement.slice(0, prefixLength) : statement;
  const token = new Tokenizer(prefix);
  const shape = new Shape();
  const setting = new Setting();
  let endOfNumber = -1;
  let endOfQuoted = -1;
  while (token.next()) {
    const { kind, start, end } = token;
    // The token at the cut may be half of one: a number without its end, the opening of a string.
    if (cut && end === prefix.length) break;
    if (!token.terminated && kind !== 'block-comment') shape.quotedValue();
    if (!token.terminated || (start === endOfQuoted && neverTouches.has(kind))) return shape.finishMisquoted();
    switch (kind) {
      case 'whitespace':
      case 'line-comment':
      case 'block-comment':
        break;
      case 'number':
      case 'parameter':
        shape.value();
        endOfNumber = end;
        break;
      case 'string':
        endOfQuoted = end;
        shape.quotedValue();
        break;
      case 'dollar-string':
        shape.quotedValue();
        break;
      case 'quoted-identifier':
        endOfQuoted = end;
        if (setting.isValue) shape.quotedValue();
        else shape.addQuoted(prefix.slice(start, end));
        break;
      case 'word': {
        const word = prefix.slice(start, end).toLowerCase();
        // A value that was pasted without quotes, 550e8400-e29b-…, leaves letters right behind its digits.
        if (start === endOfNumber) endOfNumber = end;
        else if (setting.isValue) shape.value();
        else shape.add(word);
        setting.take(word);
        break;
      }
      case 'operator':
      case 'punctuation': {
        const sign = prefix.slice(start, end);
        shape.add(sign);
        setting.take(sign);
      }
    }
  }
  return cut ? shape.finishCut() : shape.finish();
}

interface List {
  /** Where the list's opening bracket stands among the pieces, -1 for the statement itself. */
  readonly open: number;
  /** Where the item that is being read begins. */
  item: number;
  /** Where the last item that repeated the one before it began, with its comma; -1: none. */
  repeated: number;
}

class Shape {
  private readonly pieces: string[] = [];
  private readonly lists: List[] = [{ open: -1, item: 0, repeated: -1 }];
  /** Where the first thing in quotes stands among the pieces. */
  private firstQuoted = Infinity;

  value(): void {
    const { pieces } = this;
    for (let last = pieces.at(-1); last === '-' || last === '+'; last = pieces.at(-1)) {
      if (endsOperand(pieces.at(-2))) break;
      pieces.pop();
    }
    pieces.push('?');
  }

  quotedValue(): void {
    this.value();
    this.firstQuoted = Math.min(this.firstQuoted, this.pieces.length - 1);
  }

  addQuoted(piece: string): void {
    this.firstQuoted = Math.min(this.firstQuoted, this.pieces.length);
    this.add(piece);
  }

  add(piece: string): void {
    const { pieces, lists } = this;
    const list = this.list;
    switch (piece) {
      case '(':
      case '[':
        lists.push({ open: pieces.push(piece) - 1, item: pieces.length, repeated: -1 });
        break;
      case ')':
      case ']':
        this.dropRepetition(list);
        pieces.push(piece);
        if (lists.length > 1) lists.pop();
        // The last row of VALUES has no comma behind it; it ends with its bracket.
        if (list.open === this.list.item) this.dropRepetition(this.list);
        break;
      case ',':
      case ';':
        this.dropRepetition(list);
        list.item = pieces.push(piece);
        break;
      default:
        pieces.push(piece);
    }
  }

  finish(): string {
    this.dropRepetition(this.list);
    while (this.pieces.at(-1) === ';') this.pieces.pop();
    return this.render();
  }

  finishCut(): string {
    // An unfinished item behind one that was repeated is one more of them; how far it came is a matter of its values.
    const again = this.lists.find(({ item, repeated }) => repeated !== -1 && item === repeated + 1);
    if (again) this.pieces.length = again.repeated;
    this.pieces.push('...');
    return this.render();
  }

  /** For a text whose quotes do not match. */
  finishMisquoted(): string {
    const { pieces, firstQuoted } = this;
    const more = pieces.length - firstQuoted;
    if (more > 0) pieces.splice(firstQuoted, more, '?');
    if (more > 1) pieces.push('...');
    return this.render();
  }

  private get list(): List {
    return this.lists[this.lists.length - 1] as List;
  }

  /** Drops the item just read, and its comma, where the same pieces stand before the comma and a value is among them. */
  private dropRepetition(list: List): void {
    const { pieces } = this;
    const comma = list.item - 1;
    const length = pieces.length - list.item;
    if (length <= 0 || length > comma || pieces[comma] !== ',') return;
    let values = 0;
    for (let i = 1; i <= length; i++) {
      const piece = pieces[comma + i];
      if (piece !== pieces[comma + i - length - 1]) return;
      if (piece === '?') values++;
    }
    if (values === 0) return;
    pieces.length = list.item = list.repeated = comma;
    if (this.firstQuoted !== Infinity) this.firstQuoted = Math.min(this.firstQuoted, comma);
  }

  private render(): string {
    let text = '';
    let before: string | undefined;
    for (const piece of this.pieces) {
      if (before !== undefined && isSpaced(before, piece)) text += ' ';
      text += piece;
      before = piece;
    }
    return text;
  }
}

const tightBefore = new Set([',', ';', ')', ']', '[', '.', '::']);
const tightAfter = new Set(['(', '[', '.', '::']);

function isSpaced(before: string, piece: string): boolean {
  if (tightBefore.has(piece) || tightAfter.has(before)) return false;
  return piece !== '(' || !isName(before);
}

function endsOperand(piece: string | undefined): boolean {
  return piece !== undefined && (piece === '?' || piece === ')' || piece === ']' || isName(piece));
}

function isName(piece: string): boolean {
  return /[\w$"\u0080-\uffff]$/.test(piece) && !beforeExpression.has(piece);
}
