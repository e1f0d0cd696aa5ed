export type TokenKind =
  | 'word'
  | 'quoted-identifier'
  | 'string'
  | 'dollar-string'
  | 'number'
  | 'parameter'
  | 'operator'
  | 'punctuation'
  | 'line-comment'
  | 'block-comment'
  | 'whitespace';

const SPACE = 1;
const LETTER = 2;
const DIGIT = 4;
const DOLLAR = 8;
const OPERATOR = 16;
/** An operator may end in a sign only where it has one of these too: `a=-1` is `=` and `-`. */
const UNCOMMON = 32;

const classes = new Uint8Array(128);
mark(' \t\n\r\f\v', SPACE);
mark('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_', LETTER);
mark('0123456789', DIGIT);
mark('$', DOLLAR);
mark('~!@#^&|`?%+-*/<>=', OPERATOR);
mark('~!@#^&|`?%', UNCOMMON);

function mark(characters: string, flag: number): void {
  for (const character of characters) {
    const code = character.charCodeAt(0);
    classes[code] = (classes[code] ?? 0) | flag;
  }
}

const number =
  /0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?/y;
const lineEnd = /[\n\r]|$/g;

/**
 * PostgreSQL's lexical rules over a string: `next()` moves to the next token, whose place is then in `start` and `end`.
 * The tokens tile the input, nothing is allocated for them, and the time is linear on any input.
 * `standard_conforming_strings = on` is assumed, the server's default since 9.1: a backslash escapes in E'' only.
 */
export class Tokenizer {
  readonly text: string;
  kind: TokenKind = 'whitespace';
  start = 0;
  end = 0;
  /** False when the end of a string, quoted identifier or block comment is missing: it runs to the end of the input. */
  terminated = true;
  private endOfSigns = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Moves to the next token; false at the end of the input. */
  next(): boolean {
    const { text, end: start } = this;
    if (start >= text.length) return false;
    this.start = start;
    this.terminated = true;
    const flags = classOf(text, start);
    const first = text[start];
    const second = text[start + 1];
    if (flags & LETTER) this.word(skip(text, start + 1, LETTER | DIGIT | DOLLAR));
    else if (flags & SPACE) this.take('whitespace', skip(text, start + 1, SPACE));
    else if (flags & DIGIT || (first === '.' && classOf(text, start + 1) & DIGIT)) this.number();
    else if (first === "'") this.string(start + 1, false);
    else if (first === '"') this.close('quoted-identifier', closingQuote(text, start + 1, '"'));
    else if (flags & DOLLAR) this.dollar();
    else if (first === '-' && second === '-') this.take('line-comment', endOfLine(text, start));
    else if (first === '/' && second === '*') this.close('block-comment', endOfBlockComment(text, start + 2));
    else if (flags & OPERATOR) this.operator();
    else this.take('punctuation', start + (first === ':' && (second === ':' || second === '=') ? 2 : 1));
    return true;
  }

  private take(kind: TokenKind, end: number): void {
    this.kind = kind;
    this.end = end;
  }

  /** As `take`, where -1 says that the end is missing. */
  private close(kind: TokenKind, end: number): void {
    this.terminated = end !== -1;
    this.take(kind, this.terminated ? end : this.text.length);
  }

  private word(end: number): void {
    const { text, start } = this;
    // Only these single letters can be the prefix of a quote.
    const prefix = end === start + 1 ? text.charAt(start).toLowerCase() : '';
    if (prefix === 'u' && text.startsWith("&'", end)) this.string(end + 2, false);
    else if (prefix === 'u' && text.startsWith('&"', end)) {
      this.close('quoted-identifier', closingQuote(text, end + 2, '"'));
    } else if (prefix !== '' && 'ebxn'.includes(prefix) && text[end] === "'") this.string(end + 1, prefix === 'e');
    else this.take('word', end);
  }

  private number(): void {
    number.lastIndex = this.start;
    number.test(this.text);
    this.take('number', number.lastIndex);
  }

  private string(from: number, escapes: boolean): void {
    // 'a' <newline> 'b' is one string, and its later parts keep the escapes of the first: E'a' <newline> 'b\'c'.
    let end = -1;
    for (let part = from; part !== -1; part = continuation(this.text, end)) {
      end = escapes ? closingEscapedQuote(this.text, part) : closingQuote(this.text, part, "'");
      if (end === -1) break;
    }
    this.close('string', end);
  }

  private dollar(): void {
    const { text, start } = this;
    const digits = skip(text, start + 1, DIGIT);
    const tag = digits > start + 1 ? -1 : skip(text, start + 1, LETTER | DIGIT);
    if (tag === -1) {
      this.take('parameter', digits);
    } else if (text[tag] === '$') {
      const close = text.indexOf(text.slice(start, tag + 1), tag + 1);
      this.close('dollar-string', close === -1 ? -1 : close + tag + 1 - start);
    } else {
      this.take('punctuation', start + 1);
    }
  }

  private operator(): void {
    const { text, start } = this;
    // Signs that were taken off an operator are operators of their own; not to read the run again keeps this linear.
    if (start < this.endOfSigns) {
      this.take('operator', start + 1);
      return;
    }
    let uncommon = 0;
    let end = start;
    for (let flags = classOf(text, end); flags & OPERATOR && !opensComment(text, end); flags = classOf(text, end)) {
      uncommon |= flags & UNCOMMON;
      end++;
    }
    this.endOfSigns = end;
    while (uncommon === 0 && end > start + 1 && (text[end - 1] === '-' || text[end - 1] === '+')) end--;
    this.take('operator', end);
  }
}

function classOf(text: string, at: number): number {
  const code = text.charCodeAt(at);
  // PostgreSQL compares bytes: everything above ASCII, a no-break space included, belongs to identifiers.
  return code < 128 ? (classes[code] ?? 0) : code >= 128 ? LETTER : 0;
}

function opensComment(text: string, at: number): boolean {
  const first = text[at];
  return (first === '-' && text[at + 1] === '-') || (first === '/' && text[at + 1] === '*');
}

function skip(text: string, from: number, flags: number): number {
  let at = from;
  while (classOf(text, at) & flags) at++;
  return at;
}

function endOfLine(text: string, from: number): number {
  lineEnd.lastIndex = from;
  return lineEnd.exec(text)?.index ?? text.length;
}

/** The place after the closing quote; a doubled one does not close. -1 when there is none. */
function closingQuote(text: string, from: number, quote: string): number {
  let at = text.indexOf(quote, from);
  while (at !== -1 && text[at + 1] === quote) at = text.indexOf(quote, at + 2);
  return at === -1 ? -1 : at + 1;
}

function closingEscapedQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === "'") {
      if (text[at + 1] !== "'") return at + 1;
      at++;
    }
  }
  return -1;
}

/** Where the next part of a string begins, or -1: white space with a newline, line comments allowed, then a quote. */
function continuation(text: string, from: number): number {
  let newline = false;
  for (let at = from; at < text.length;) {
    if (classOf(text, at) & SPACE) {
      newline ||= text[at] === '\n' || text[at] === '\r';
      at++;
    } else if (text.startsWith('--', at)) {
      at = endOfLine(text, at);
    } else {
      return newline && text[at] === "'" ? at + 1 : -1;
    }
  }
  return -1;
}

function endOfBlockComment(text: string, from: number): number {
  let depth = 1;
  let at = from;
  while (depth > 0) {
    const star = text.indexOf('*', at);
    if (star === -1) return -1;
    // The opening mark first: the slash in the middle of "*/*" closes, and has been used then.
    const opens = star > at && text[star - 1] === '/';
    const closes = !opens && text[star + 1] === '/';
    depth += opens ? 1 : closes ? -1 : 0;
    at = star + (closes ? 2 : 1);
  }
  return at;
}
