import type { MigrationRefusedError } from '../../../lib/migrate/index.js';
import { catalogueOf, rowsOf } from '../../../test/support/catalogue.js';
import { managerOf } from '../../../test/support/migrations.js';
import { newest } from './set.js';

/** The schema and the rows, without the history. */
export async function stateOf(database: string): Promise<string> {
  const rows = (await rowsOf(database))
    .split('\n')
    .filter((line) => line !== '' && !line.includes('db_resilience_migrations'));
  return [await catalogueOf(database, { withoutHistory: true }), ...rows].join('\n');
}

/** What the database looks like before the first migration and after the newest. */
export interface Ends {
  readonly empty: string;
  readonly full: string;
}

/**
 * After a run was interrupted: what status claims, and the next run, which finishes the work. Nothing in these migrations is
 * such that it could not.
 *
 * @returns what was not as it has to be
 */
export async function recover(database: string, directory: string, to: 0 | -1, ends: Ends): Promise<string[]> {
  const manager = managerOf(database, directory);
  const wrong: string[] = [];
  const claim = async () => {
    const { version, pending, problems } = await manager.status();
    if (problems.length > 0) return 'nothing';
    return pending === 0 ? 'full' : pending === newest && version === 0 ? 'empty' : 'nothing';
  };
  const before = await claim();
  const state = await stateOf(database);
  // What the killed one had begun may have ended between the two looks.
  if (before !== 'nothing' && before === (await claim()) && ends[before] !== state) {
    wrong.push(`status says that the schema is ${before}, and it is not`);
  }
  try {
    await manager.migrateTo(to);
  } catch (error) {
    const { code, reason, message } = error as MigrationRefusedError;
    return [...wrong, `the next run failed with ${code} ${reason}: ${message}`];
  }
  const { version, pending, problems } = await manager.status();
  const reached = to === 0 ? 0 : newest;
  if (version !== reached || pending !== newest - reached || problems.length > 0) {
    wrong.push(`status in the end: version ${String(version)}, ${JSON.stringify(problems)}`);
  }
  if ((await stateOf(database)) !== (to === 0 ? ends.empty : ends.full)) wrong.push('the schema in the end is another');
  return wrong;
}
