import { styleText } from 'node:util';
import type { FaultReport } from '../report.js';
import type { Rule } from '../rules.js';

export interface Column<Report = FaultReport> {
  readonly title: string;
  readonly width: number;
  readonly rule?: Rule;
  readonly of: (report: Report) => string;
  readonly left?: boolean;
}

export function titles<Report>(columns: readonly Column<Report>[]): string {
  return columns.map((column) => pad(column, column.title)).join('');
}

/** The cells of a report, red where a rule is broken. */
export function row<Report>(
  columns: readonly Column<Report>[],
  report: Report,
  broken: ReadonlyMap<Rule, string>,
  colour: boolean,
): string {
  const cells = columns.map((column) => {
    const cell = pad(column, column.of(report));
    return colour && column.rule !== undefined && broken.has(column.rule) ? styleText('red', cell) : cell;
  });
  return cells.join('');
}

export function count(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ' ');
}

function pad({ width, left }: Pick<Column, 'width' | 'left'>, text: string): string {
  return left === true ? `   ${text}` : text.padStart(width);
}
