import { MigrationRefusedError } from '../errors/migration-errors.js';
import type { Comparison } from './comparison.js';
import type { HistoryRow } from './history.js';
import type { Migration, MigrationPart } from './migration.js';
import type { MigrationDirection } from './reports.js';

/** A migration to be run. */
export interface Step {
  readonly migration: Migration;
  readonly direction: MigrationDirection;
  readonly part: MigrationPart;
  /** What it has come to; undefined where it is to be begun. */
  readonly resumed: HistoryRow | undefined;
}

/** Run as one transaction. What was begun without one is ended without one, or what is done of it would be done twice. */
export function isTransaction({ part, resumed }: Step): boolean {
  return part.transaction && resumed === undefined;
}

/**
 * What leads to a version: what was interrupted first, in its own direction; then up, or down.
 *
 * @param target 0 is before the first, -1 the newest
 * @throws MigrationRefusedError where that cannot be done
 */
export function stepsTo(comparison: Comparison, target: number, options: { outOfOrder: boolean }): Step[] {
  const version = target === -1 ? comparison.newest : target;
  if (version !== 0 && comparison.find(version) === undefined) throw unknownVersion(comparison, target);
  const first = resumedStep(comparison);
  const applied = appliedAfter(comparison, first);
  const standing = applied[0] ?? 0;
  if (target !== -1 && version < standing)
    return [
      ...first,
      ...down(
        comparison,
        applied.filter((one) => one > version),
      ),
    ];
  const [problem] = comparison.problems(options);
  if (problem !== undefined) throw problem;
  const pending = comparison.migrations.filter((one) => one.version <= version && !applied.includes(one.version));
  return [...first, ...pending.map(upStep)];
}

/**
 * Reverts the newest ones. One that was interrupted on its way down is one of them: the same call again ends what it began.
 *
 * @throws MigrationRefusedError where one has no way down
 */
export function stepsDown(comparison: Comparison, count: number): Step[] {
  const first = resumedStep(comparison);
  const begun = first.filter(({ direction }) => direction === 'down').length;
  return [...first, ...down(comparison, appliedAfter(comparison, first).slice(0, count - begun))];
}

/** Newest first, when what was interrupted is finished. */
function appliedAfter(comparison: Comparison, resumed: readonly Step[]): number[] {
  const applied = comparison.applied.map(({ version }) => version);
  const finished = resumed.filter(({ direction }) => direction === 'up').map(({ migration }) => migration.version);
  return [...applied, ...finished].sort((a, b) => b - a);
}

function upStep(migration: Migration): Step {
  return { migration, direction: 'up', part: migration.up, resumed: undefined };
}

function down(comparison: Comparison, versions: readonly number[]): Step[] {
  return versions.map((version) => {
    const row = comparison.records.get(version)?.row;
    const migration = comparison.find(version);
    if (migration === undefined) {
      throw new MigrationRefusedError(
        version > comparison.newest ? 'newer-database' : 'vanished',
        `Version ${row?.label ?? String(version)} (${row?.name ?? ''}) has to be reverted, and its file is not here. ` +
          'Use the code that has it',
        { version },
      );
    }
    if (migration.down === undefined) {
      throw new MigrationRefusedError(
        'no-way-down',
        'it has no way down. Write one behind the line "-- migrate:down", or make a new migration that undoes it',
        { version, file: migration.up.file },
      );
    }
    return { migration, direction: 'down', part: migration.down, resumed: undefined };
  });
}

function resumedStep(comparison: Comparison): Step[] {
  const { unfinished } = comparison;
  if (unfinished === undefined) return [];
  const { version, row } = unfinished;
  const migration = comparison.find(version);
  const part = migration?.[row.direction];
  if (migration === undefined || part === undefined) {
    throw new MigrationRefusedError(
      version > comparison.newest ? 'newer-database' : 'vanished',
      `Version ${row.label} (${row.name}) was interrupted on its way ${row.direction}, after ${String(row.statementsDone)} ` +
        `of ${String(row.statements)} statements, and its file is not here. Use the code that has it; or finish it by hand, ` +
        `and then: repair ${String(version)} --as applied, or --as reverted`,
      { version },
    );
  }
  return [{ migration, direction: row.direction, part, resumed: row }];
}

function unknownVersion({ migrations }: Comparison, target: number): MigrationRefusedError {
  const [first, last] = [migrations[0], migrations.at(-1)];
  const known =
    first === undefined || last === undefined
      ? 'the folder has no migrations'
      : `the folder has ${String(first.version)} to ${String(last.version)}`;
  return new MigrationRefusedError(
    'unknown-version',
    `There is no version ${String(target)}: ${known}; 0 is before the first, -1 the newest`,
    { version: target },
  );
}
