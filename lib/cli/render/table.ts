import type { Style } from './style.js';
import type { View } from './view.js';
import { cut } from './wrap.js';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** Gives way, down to so many characters, where the line is too short: the last such column first. */
  readonly least?: number;
}

export interface Cell {
  readonly text: string;
  readonly paint?: keyof Style;
}

const gap = '  ';

/** Lines with the columns one below the other. Without a width nothing is cut. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], view: View): string[] {
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...rows.map((row) => (row[at]?.text ?? '').length)),
  );
  if (view.width !== undefined) shrink(columns, widths, view.width);
  const line = (cells: readonly Cell[]) =>
    cells
      .map(({ text, paint }, at) => {
        const width = widths[at] ?? 0;
        const shown = cut(text, width);
        const painted = paint === undefined ? shown : view.style[paint](shown);
        const padding = ' '.repeat(width - shown.length);
        if (columns[at]?.align === 'right') return padding + painted;
        return at === columns.length - 1 ? painted : painted + padding;
      })
      .join(gap)
      .trimEnd();
  return [line(columns.map(({ title }) => ({ text: title, paint: 'bold' }))), ...rows.map(line)];
}

function shrink(columns: readonly Column[], widths: number[], width: number): void {
  let excess = widths.reduce((sum, one) => sum + one, gap.length * (widths.length - 1)) - width;
  for (let at = columns.length - 1; at >= 0 && excess > 0; at--) {
    const given = widths[at] ?? 0;
    const left = Math.max(Math.min(given, columns[at]?.least ?? given), given - excess);
    widths[at] = left;
    excess -= given - left;
  }
}
