import { expect } from 'chai';
import type { Migration } from '../../../lib/migrate/migration.js';
import { comparisonOf, migrationOf } from './histories.js';

describe('Comparison', () => {
  interface Case {
    files: (number | Migration)[];
    told: string[];
    version?: number;
    newest?: number;
    pending?: number[];
    unfinished?: number;
    lastId?: number;
    /** The reason, the version, and what the message has to say. */
    problems?: [reason: string, version: number, says: RegExp][];
    outOfOrder?: boolean;
  }

  const edited = migrationOf(1, { text: 'something else' });
  const cases: Record<string, Case> = {
    'an empty folder and no history': { files: [], told: [] },
    'files alone': { files: [1, 2], told: [], newest: 2, pending: [1, 2] },
    'files that are applied': { files: [1, 2], told: ['1 up done', '2 up done'], version: 2, newest: 2, lastId: 2 },
    'a file more': { files: [1, 2], told: ['1 up done'], version: 1, newest: 2, pending: [2], lastId: 1 },
    'one that was reverted': {
      files: [1, 2],
      told: ['1 up done', '2 up done', '2 down done'],
      version: 1,
      newest: 2,
      pending: [2],
      lastId: 3,
    },
    'one that is interrupted on its way up: it is neither applied nor to be begun': {
      files: [1, 2, 3],
      told: ['1 up done', '2 up unfinished'],
      version: 1,
      newest: 3,
      pending: [3],
      unfinished: 2,
      lastId: 2,
    },
    'one that is interrupted on its way down': {
      files: [1, 2],
      told: ['1 up done', '2 up done', '2 down unfinished'],
      version: 1,
      newest: 2,
      unfinished: 2,
      lastId: 3,
    },
    'an edited one': {
      files: [edited, 2],
      told: ['1 up done'],
      version: 1,
      newest: 2,
      pending: [2],
      lastId: 1,
      problems: [
        [
          'edited',
          1,
          /^001_m1\.sql: it was changed after .* on 2026-01-01T.*write a new migration.*repair 1 --as accepted/,
        ],
      ],
    },
    'an edited one that is not applied any more': {
      files: [edited],
      told: ['1 up done', '1 down done'],
      newest: 1,
      pending: [1],
      lastId: 2,
    },
    'a file that is gone': {
      files: [1, 3],
      told: ['1 up done', '2 up done', '3 up done'],
      version: 3,
      newest: 3,
      lastId: 3,
      problems: [['vanished', 2, /^Version 002 \(m2\) is applied, and its file is gone.*repair 2 --as reverted/]],
    },
    'a file that is gone, of one that was reverted': {
      files: [1, 3],
      told: ['1 up done', '2 up done', '2 down done'],
      version: 1,
      newest: 3,
      pending: [3],
      lastId: 3,
    },
    'a file that is gone, of one that was interrupted': {
      files: [1, 3],
      told: ['1 up done', '2 up unfinished'],
      version: 1,
      newest: 3,
      pending: [3],
      unfinished: 2,
      lastId: 2,
      problems: [['vanished', 2, /its file is gone/]],
    },
    'a newer database': {
      files: [1],
      told: ['1 up done', '2 up done'],
      version: 2,
      newest: 1,
      lastId: 2,
      problems: [
        ['newer-database', 2, /^The database is newer.*version 002 \(m2\).*newest file is 001\. Deploy the code/],
      ],
    },
    'a newer database and no file at all': {
      files: [],
      told: ['1 up done'],
      version: 1,
      lastId: 1,
      problems: [['newer-database', 1, /newest file is none/]],
    },
    'a late one': {
      files: [1, 2, 3],
      told: ['1 up done', '3 up done'],
      version: 3,
      newest: 3,
      pending: [2],
      lastId: 2,
      problems: [['out-of-order', 2, /^002_m2\.sql: it was not applied, and version 3.*above 3, or .*--out-of-order/]],
    },
    'a late one that may be late': {
      files: [1, 2, 3],
      told: ['1 up done', '3 up done'],
      version: 3,
      newest: 3,
      pending: [2],
      lastId: 2,
      outOfOrder: true,
    },
    'one that came late to a newer one that is interrupted': {
      files: [1, 2, 3],
      told: ['1 up done', '3 up unfinished'],
      version: 1,
      newest: 3,
      pending: [2],
      unfinished: 3,
      lastId: 2,
      problems: [['out-of-order', 2, /version 3, which is newer/]],
    },
    'one that came late to a newer one that is being reverted': {
      files: [1, 2, 3],
      told: ['1 up done', '3 up done', '3 down unfinished'],
      version: 1,
      newest: 3,
      pending: [2],
      unfinished: 3,
      lastId: 3,
    },
    'several at once': {
      files: [edited, 2, 4],
      told: ['1 up done', '3 up done', '5 up done'],
      version: 5,
      newest: 4,
      pending: [2, 4],
      lastId: 3,
      problems: [
        ['edited', 1, /changed/],
        ['vanished', 3, /gone/],
        ['newer-database', 5, /newer/],
        ['out-of-order', 2, /newer/],
        ['out-of-order', 4, /newer/],
      ],
    },
  };

  for (const [name, expected] of Object.entries(cases)) {
    it(`of ${name}`, () => {
      const comparison = comparisonOf(expected.files, ...expected.told);
      expect(comparison).to.include({
        version: expected.version ?? 0,
        newest: expected.newest ?? 0,
        lastId: expected.lastId ?? 0,
      });
      expect(comparison.pending.map(({ version }) => version)).to.deep.equal(expected.pending ?? []);
      expect(comparison.unfinished?.version).to.equal(expected.unfinished);
      const problems = comparison.problems({ outOfOrder: expected.outOfOrder ?? false });
      const told = expected.problems ?? [];
      expect(problems.map(({ reason, version }) => [reason, version])).to.deep.equal(
        told.map(([reason, version]) => [reason, version]),
      );
      for (const [index, [, , says]] of told.entries()) expect(problems[index]?.message).to.match(says);
    });
  }

  it('tells those that are applied, the newest first, in whatever order they came', () => {
    const comparison = comparisonOf([1, 2, 3], '1 up done', '3 up done', '2 up done', '3 down done', '3 up done');
    expect(comparison.applied.map(({ version }) => version)).to.deep.equal([3, 2, 1]);
  });

  it('takes an edited file as it is once that was accepted', () => {
    const comparison = comparisonOf([migrationOf(1, { text: 'new' })], '1 up done');
    expect(comparison.isEdited(comparison.migrations[0] ?? edited)).to.equal(true);
    const accepted = comparisonOf([migrationOf(1)], '1 up done', '1 up marked');
    expect(accepted.isEdited(accepted.migrations[0] ?? edited)).to.equal(false);
  });
});
