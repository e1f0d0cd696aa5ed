import type { MigrationProblem, MigrationState, MigrationStatus } from '../../migrate/reports.js';
import { printable } from '../printable.js';
import { duration } from '../render/duration.js';
import type { Style } from '../render/style.js';
import { table } from '../render/table.js';
import type { Cell, Column } from '../render/table.js';
import type { View } from '../render/view.js';
import { wrap } from '../render/wrap.js';

const columns: readonly Column[] = [
  { title: 'VERSION' },
  { title: 'NAME', least: 12 },
  { title: 'STATE' },
  { title: 'APPLIED AT (UTC)' },
  { title: 'BY', least: 8 },
  { title: 'TOOK', align: 'right' },
];

const paints: Readonly<Record<MigrationState['state'], keyof Style>> = {
  applied: 'green',
  pending: 'yellow',
  unfinished: 'red',
  edited: 'red',
  vanished: 'red',
};

export function showStatus(status: MigrationStatus, view: View): string {
  const rows = status.migrations.map(rowOf);
  const lines = rows.length === 0 ? ['There are no migrations.'] : table(columns, rows, view);
  lines.push('', wrap(`${summary(status)} History: ${printable(status.table)}.`, view.width));
  if (status.problems.length > 0) lines.push('', ...showProblems(status.problems, view));
  return lines.join('\n');
}

export function showProblems(problems: readonly MigrationProblem[], { width, style }: View): string[] {
  const title = problems.length === 1 ? '1 problem:' : `${String(problems.length)} problems:`;
  return [style.bold(title), ...problems.map((one) => `  ${style.red('!')} ${wrap(told(one), width, '    ')}`)];
}

function rowOf(migration: MigrationState): Cell[] {
  return [
    { text: printable(migration.label) },
    { text: printable(migration.name) },
    { text: migration.state, paint: paints[migration.state] },
    { text: migration.applied_at === null ? '-' : migration.applied_at.slice(0, 16).replace('T', ' ') },
    { text: printable(migration.applied_by ?? '-') },
    { text: migration.duration_ms === null ? '-' : duration(migration.duration_ms) },
  ];
}

function summary({ version, pending }: MigrationStatus): string {
  const at = version === 0 ? 'No migration is applied' : `The database is at version ${String(version)}`;
  return pending === 0 ? `${at}; nothing is pending.` : `${at}; ${String(pending)} pending.`;
}

function told({ file, line, column, message }: MigrationProblem): string {
  const place = [file, line, line === null ? null : column].filter((part) => part !== null).join(':');
  return printable(place === '' || message.startsWith(`${place}:`) ? message : `${place}: ${message}`);
}
