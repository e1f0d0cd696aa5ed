import { Tokenizer } from '../../core/sql/tokenizer.js';
import type { TokenKind } from '../../core/sql/tokenizer.js';

const dot = '·';

// Nobody writes one of these right behind a string: a quote is missing, or there is one too many, before it.
const neverTouches = new Set<TokenKind>(['word', 'number', 'string', 'quoted-identifier']);

/**
 * The same text, character for character and line for line, with dots for what strings, numbers and comments hold. Where
 * quotes do not match, and in the data of a COPY, all that follows is dots.
 */
export function mask(text: string): string {
  const token = new Tokenizer(text);
  let masked = '';
  let endOfString = -1;
  let endOfNumber = -1;
  let words = '';
  while (token.next()) {
    const { kind, start, end } = token;
    const piece = text.slice(start, end);
    if (start === endOfString && neverTouches.has(kind)) return masked + dotted(text.slice(start));
    if (kind === 'word' && start !== endOfNumber) words = `${words} ${piece.toLowerCase()}`.slice(-11);
    if (kind === 'punctuation' && piece === ';') {
      if (words === ' from stdin') return masked + piece + dotted(text.slice(end));
      words = '';
    }
    if (kind === 'punctuation' && piece === '\\') {
      // What psql is told goes on to the end of the line, and quotes mean nothing there.
      token.end = endOfLine(text, start);
      masked += psqlCommand(text.slice(start, token.end));
      continue;
    }
    const isHidden = kind === 'word' ? start === endOfNumber : hides(kind) || (!token.terminated && end > start);
    masked += isHidden ? dotted(piece) : piece;
    // A value that was pasted without quotes, 550e8400-e29b-…, has letters right behind its digits.
    if (kind === 'number' || (kind === 'word' && start === endOfNumber)) endOfNumber = end;
    if (kind === 'string') endOfString = end;
  }
  return masked;
}

function hides(kind: TokenKind): boolean {
  return kind === 'string' || kind === 'dollar-string' || kind === 'number' || kind.endsWith('comment');
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline === -1 ? text.length : newline;
}

function psqlCommand(line: string): string {
  const [command] = /^\\[a-z]*/i.exec(line) ?? [''];
  return command + dotted(line.slice(command.length));
}

/** Quotes and comment marks at the ends stay, so that one sees what it is. */
function dotted(piece: string): string {
  const [, open = '', inner = '', close = ''] =
    /^((?:[a-z]?&?'|--|\/\*|\$)?)([^]*?)((?:'|\*\/|\$)?)$/i.exec(piece) ?? [];
  return open + inner.replace(/\S/gu, dot) + close;
}
