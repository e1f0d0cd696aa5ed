import type { MigrationRun, MigrationStep } from '../../migrate/reports.js';
import { printable } from '../printable.js';
import { duration } from '../render/duration.js';
import { table } from '../render/table.js';
import type { Cell } from '../render/table.js';
import type { View } from '../render/view.js';
import { wrap } from '../render/wrap.js';

const columns = [
  { title: 'VERSION' },
  { title: 'NAME', least: 12 },
  { title: 'DONE' },
  { title: 'TOOK', align: 'right' },
] as const;

export function showRun(run: MigrationRun, view: View): string {
  if (run.steps.length === 0) return `Nothing to do: the database is at version ${String(run.to)}.`;
  const many = run.steps.length === 1 ? '1 migration' : `${String(run.steps.length)} migrations`;
  return [
    ...table(
      columns,
      run.steps.map((step) => rowOf(step, step.direction === 'up' ? 'applied' : 'reverted')),
      view,
    ),
    '',
    wrap(`${many} in ${duration(run.duration_ms)}: from version ${String(run.from)} to ${String(run.to)}.`, view.width),
  ].join('\n');
}

export function showRehearsal(run: MigrationRun, view: View): string {
  if (run.steps.length === 0) return `Nothing to rehearse: the database is at version ${String(run.from)}.`;
  const left = run.steps.filter(({ rehearsed }) => rehearsed === false).length;
  const lines = table(
    columns,
    run.steps.map((step) => rowOf(step, rehearsalOf(step))),
    view,
  );
  lines.push('', wrap(`Rehearsed in ${duration(run.duration_ms)} and rolled back: nothing is changed.`, view.width));
  if (left > 0) {
    lines.push(
      wrap('What has no transaction cannot be rehearsed; what comes after it was rehearsed without it.', view.width),
    );
  }
  return lines.join('\n');
}

function rehearsalOf({ direction, rehearsed }: MigrationStep): string {
  return rehearsed === false ? 'no: it has no transaction' : `would be ${direction === 'up' ? 'applied' : 'reverted'}`;
}

function rowOf({ label, name, attempts, rehearsed, duration_ms: ms }: MigrationStep, done: string): Cell[] {
  return [
    { text: printable(label) },
    { text: printable(name) },
    { text: attempts > 1 ? `${done} (${String(attempts)} attempts)` : done },
    { text: rehearsed === false ? '-' : duration(ms) },
  ];
}
