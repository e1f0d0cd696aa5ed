import { expect } from 'chai';
import { MigrationRefusedError } from '../../../lib/errors/migration-errors.js';
import type { Comparison } from '../../../lib/migrate/comparison.js';
import type { Migration } from '../../../lib/migrate/migration.js';
import { stepsDown, stepsTo } from '../../../lib/migrate/steps.js';
import type { Step } from '../../../lib/migrate/steps.js';
import { comparisonOf, migrationOf } from './histories.js';

/** `3 up`; with a star where it goes on. Or why not. */
function told(pick: () => Step[]): string[] | { reason: string; version: number | undefined; message: string } {
  try {
    return pick().map(({ migration, direction, resumed, part }) => {
      expect(part).to.equal(migration[direction]);
      return `${String(migration.version)} ${direction}${resumed === undefined ? '' : '*'}`;
    });
  } catch (error) {
    if (!(error instanceof MigrationRefusedError)) throw error;
    const { reason, version, message } = error;
    return { reason, version, message };
  }
}

interface Case {
  files: (number | Migration)[];
  told: string[];
  /** By target. */
  to: Record<number, string[] | [reason: string, version: number]>;
  outOfOrder?: boolean;
}

const threeApplied = ['1 up done', '2 up done', '3 up done'];
const isRefusal = (expected: unknown[]): expected is [string, number] => typeof expected[1] === 'number';

function expectTold(found: ReturnType<typeof told>, expected: string[] | [string, number], what: string): void {
  if (isRefusal(expected)) expect(found, what).to.include({ reason: expected[0], version: expected[1] });
  else expect(found, what).to.deep.equal(expected);
}

describe('stepsTo', () => {
  const edited = migrationOf(1, { text: 'something else' });
  const oneWay = migrationOf(2, { hasDown: false });
  const cases: Record<string, Case> = {
    'a new database': {
      files: [1, 2, 3],
      told: [],
      to: {
        [-1]: ['1 up', '2 up', '3 up'],
        0: [],
        1: ['1 up'],
        2: ['1 up', '2 up'],
        3: ['1 up', '2 up', '3 up'],
        4: ['unknown-version', 4],
      },
    },
    'one that has come half the way': {
      files: [1, 2, 3],
      told: ['1 up done', '2 up done'],
      to: { [-1]: ['3 up'], 0: ['2 down', '1 down'], 1: ['2 down'], 2: [], 3: ['3 up'] },
    },
    'one that has come to the end': {
      files: [1, 2, 3],
      told: threeApplied,
      to: { [-1]: [], 0: ['3 down', '2 down', '1 down'], 2: ['3 down'], 3: [] },
    },
    'no files': { files: [], told: [], to: { [-1]: [], 0: [], 1: ['unknown-version', 1] } },
    'no files, and a history': {
      files: [],
      told: ['1 up done'],
      to: { [-1]: ['newer-database', 1], 0: ['newer-database', 1] },
    },
    'a version between two that there are': {
      files: [20_260_101, 20_260_303],
      told: [],
      to: { 20_260_202: ['unknown-version', 20_260_202], 20_260_101: ['20260101 up'] },
    },
    'one that is late': {
      files: [1, 2, 3],
      told: ['1 up done', '3 up done'],
      // Whoever goes back undoes what is newer than that, and no more.
      to: { [-1]: ['out-of-order', 2], 3: ['out-of-order', 2], 2: ['3 down'], 1: ['3 down'], 0: ['3 down', '1 down'] },
    },
    'one that may be late': {
      files: [1, 2, 3, 4],
      told: ['1 up done', '3 up done'],
      outOfOrder: true,
      to: { [-1]: ['2 up', '4 up'], 3: ['2 up'], 2: ['3 down'] },
    },
    'an edited one: no way up, and each way back': {
      files: [edited, 2, 3],
      told: ['1 up done', '2 up done'],
      to: { [-1]: ['edited', 1], 3: ['edited', 1], 2: ['edited', 1], 1: ['2 down'], 0: ['2 down', '1 down'] },
    },
    'a vanished one: back as far as its place': {
      files: [1, 3],
      told: threeApplied,
      to: { [-1]: ['vanished', 2], 3: ['vanished', 2], 1: ['vanished', 2], 0: ['vanished', 2] },
    },
    'a newer database: not even back, for its file is needed': {
      files: [1, 2],
      told: threeApplied,
      to: { [-1]: ['newer-database', 3], 2: ['newer-database', 3], 0: ['newer-database', 3] },
    },
    'one without a way back': {
      files: [1, oneWay, 3],
      told: threeApplied,
      to: { 2: ['3 down'], 1: ['no-way-down', 2], 0: ['no-way-down', 2], [-1]: [] },
    },
    'one that was interrupted on its way up: that first': {
      files: [1, 2, 3],
      told: ['1 up done', '2 up unfinished'],
      to: {
        [-1]: ['2 up*', '3 up'],
        3: ['2 up*', '3 up'],
        2: ['2 up*'],
        1: ['2 up*', '2 down'],
        0: ['2 up*', '2 down', '1 down'],
      },
    },
    'one that was interrupted on its way down: that first': {
      files: [1, 2, 3],
      told: ['1 up done', '2 up done', '2 down unfinished'],
      to: { [-1]: ['2 down*', '2 up', '3 up'], 2: ['2 down*', '2 up'], 1: ['2 down*'], 0: ['2 down*', '1 down'] },
    },
    'one that was interrupted, and its file is gone': {
      files: [1, 3],
      told: ['1 up done', '2 up unfinished'],
      to: { [-1]: ['vanished', 2], 0: ['vanished', 2] },
    },
    'one that was interrupted, of newer code': {
      files: [1],
      told: ['1 up done', '2 up unfinished'],
      to: { [-1]: ['newer-database', 2], 0: ['newer-database', 2] },
    },
    'one that was interrupted on a way down that is gone': {
      files: [1, oneWay],
      told: ['1 up done', '2 up done', '2 down unfinished'],
      to: { [-1]: ['vanished', 2], 1: ['vanished', 2] },
    },
  };

  for (const [name, { files, told: rows, to, outOfOrder = false }] of Object.entries(cases)) {
    for (const [target, expected] of Object.entries(to)) {
      it(`${target}, from ${name}`, () => {
        const found = told(() => stepsTo(comparisonOf(files, ...rows), Number(target), { outOfOrder }));
        expectTold(found, expected, target);
      });
    }
  }

  const messageOf = (comparison: Comparison, target: number): string => {
    const found = told(() => stepsTo(comparison, target, { outOfOrder: false }));
    return Array.isArray(found) ? found.join() : found.message;
  };

  it('says what there is instead of a version that there is not', () => {
    expect(messageOf(comparisonOf([1, 2]), 7)).to.equal(
      'There is no version 7: the folder has 1 to 2; 0 is before the first, -1 the newest',
    );
    expect(messageOf(comparisonOf([]), 7)).to.include('the folder has no migrations');
  });

  it('says how to go on without the file of one that was interrupted', () => {
    expect(messageOf(comparisonOf([1, 3], '1 up done', '2 up unfinished'), -1)).to.match(
      /^Version 002 \(m2\) was interrupted on its way up, after 2 of 5 statements.*repair 2 --as applied, or --as reverted$/,
    );
  });

  it('says that the database is newer where nothing was to be reverted', () => {
    expect(messageOf(comparisonOf([1, 2], ...threeApplied), -1)).to.match(/^The database is newer than this code/);
  });

  it('says what is missing on the way back', () => {
    expect(messageOf(comparisonOf([1, 3], ...threeApplied), 0)).to.match(
      /Version 002 \(m2\) has to be reverted.*Use the code/,
    );
    expect(messageOf(comparisonOf([1, oneWay], '1 up done', '2 up done'), 0)).to.match(
      /^002_m2\.sql: it has no way down.*-- migrate:down.*new migration/,
    );
  });

  it('goes on with what the history says of it', () => {
    const [step] = stepsTo(comparisonOf([1], '1 up unfinished'), -1, { outOfOrder: false });
    expect(step?.resumed).to.include({ id: 1, statementsDone: 2 });
  });
});

describe('stepsDown', () => {
  const cases: Record<
    string,
    { files: (number | Migration)[]; told: string[]; by: Record<number, string[] | [string, number]> }
  > = {
    'the newest ones': {
      files: [1, 2, 3],
      told: threeApplied,
      by: { 1: ['3 down'], 2: ['3 down', '2 down'], 9: ['3 down', '2 down', '1 down'] },
    },
    nothing: { files: [1], told: [], by: { 1: [] } },
    'by version, and not by the order in which they came': {
      files: [1, 2, 3],
      told: ['1 up done', '3 up done', '2 up done'],
      by: { 1: ['3 down'], 2: ['3 down', '2 down'] },
    },
    'one that was interrupted on its way up, when it is finished': {
      files: [1, 2],
      told: ['1 up done', '2 up unfinished'],
      by: { 1: ['2 up*', '2 down'], 2: ['2 up*', '2 down', '1 down'] },
    },
    'one that was interrupted on its way down, which counts: the same command finishes what it began': {
      files: [1, 2],
      told: ['1 up done', '2 up done', '2 down unfinished'],
      by: { 1: ['2 down*'], 2: ['2 down*', '1 down'] },
    },
    'as far as there is a way': {
      files: [1, migrationOf(2, { hasDown: false }), 3],
      told: threeApplied,
      by: { 1: ['3 down'], 2: ['no-way-down', 2] },
    },
    'an edited one too': { files: [migrationOf(1, { text: 'other' })], told: ['1 up done'], by: { 1: ['1 down'] } },
  };
  for (const [name, { files, told: rows, by }] of Object.entries(cases)) {
    for (const [count, expected] of Object.entries(by)) {
      it(`reverts ${name} (${count})`, () => {
        expectTold(
          told(() => stepsDown(comparisonOf(files, ...rows), Number(count))),
          expected,
          count,
        );
      });
    }
  }
});
