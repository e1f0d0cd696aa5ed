import { printable } from '../printable.js';
import { mask } from './mask.js';
import type { View } from './view.js';

/**
 * A line of a file with a caret below the place. Nothing where the file has no such line.
 *
 * @param column in characters, as PostgreSQL counts, not in UTF-16 units
 */
export function excerpt(text: string, line: number, column: number | undefined, view: View): string {
  const normalized = text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  const whole = mask(normalized).split('\n')[line - 1];
  if (whole === undefined) return '';
  const shown = [...printable(whole).trimEnd()];
  const gutter = ` ${String(line)} | `;
  const room = (view.width ?? 120) - gutter.length;
  const at = Math.min((column ?? 1) - 1, shown.length);
  const from = Math.max(0, Math.min(at - Math.floor(room / 2), shown.length - room));
  const part = shown.slice(from, from + room);
  if (from > 0) part[0] = '…';
  if (from + room < shown.length) part[part.length - 1] = '…';
  const lines = [view.style.dim(gutter) + part.join('')];
  if (column !== undefined) {
    lines.push(view.style.dim(`${' '.repeat(gutter.length - 2)}| `) + ' '.repeat(at - from) + view.style.red('^'));
  }
  return lines.join('\n');
}
