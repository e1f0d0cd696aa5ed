import type { MigrationState, MigrationStateName, MigrationStatus } from '../../migrate/reports.js';
import type { View } from '../render/view.js';
import { wrap } from '../render/wrap.js';
import type { DatabaseOptions } from './options.js';
import { showProblems } from './status-view.js';

/** What mends a migration that is not as it should be. */
export interface Repair {
  version: number;
  label: string;
  name: string;
  state: MigrationStateName;
  ways: { when: string; command: string }[];
}

const waysOf: Readonly<Record<MigrationStateName, readonly (readonly [when: string, command: string])[]>> = {
  applied: [],
  pending: [],
  unfinished: [
    ['First of all: up goes on where it was interrupted, and says so where it cannot', 'up'],
    ['All that the migration does is there', 'repair VERSION --as applied'],
    ['Nothing of it is there, or you have undone it', 'repair VERSION --as reverted'],
  ],
  edited: [
    ['The edit was a mistake: bring the file back as it was applied, and look again', 'status'],
    ['The edit changes nothing in the database (a comment, a blank)', 'repair VERSION --as accepted'],
  ],
  vanished: [
    ['The file is missing by mistake: bring it back, and look again', 'status'],
    ['What it did is undone, and it is gone for good', 'repair VERSION --as reverted'],
  ],
};

export function repairsOf(status: MigrationStatus, options: DatabaseOptions): Repair[] {
  const given = optionsAgain(options);
  return status.migrations.filter(({ state }) => waysOf[state].length > 0).map((one) => repairOf(one, given));
}

/** What the command line said of the folder and the history. A URL is not repeated: it may have a password. */
function optionsAgain({ dir, table }: DatabaseOptions): string {
  return (
    (dir === 'migrations' ? '' : ` --dir ${quoted(dir)}`) + (table === undefined ? '' : ` --table ${quoted(table)}`)
  );
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function repairOf({ version, label, name, state }: MigrationState, given: string): Repair {
  const ways = waysOf[state].map(([when, command]) => ({
    when,
    command: `db-resilience migrate ${command.replace('VERSION', String(version))}${given}`,
  }));
  return { version, label, name, state, ways };
}

export function showRepairs(status: MigrationStatus, options: DatabaseOptions, view: View): string {
  const { style, width } = view;
  const repairs = repairsOf(status, options);
  const lines = status.problems.length === 0 ? [] : [...showProblems(status.problems, view), ''];
  for (const { label, name, state, ways } of repairs) {
    lines.push(`${style.bold(`${label}_${name}`)} is ${style.red(state)}.`);
    for (const { when, command } of ways) lines.push(`  ${wrap(`${when}:`, width, '  ')}`, `    $ ${command}`);
    lines.push('');
  }
  if (lines.length === 0) return 'Nothing is to be repaired.';
  if (repairs.length === 0) lines.push(wrap('No repair of the history mends that: see what each problem says.', width));
  return lines.join('\n').trimEnd();
}
