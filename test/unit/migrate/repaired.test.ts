import { expect } from 'chai';
import { MigrationRefusedError } from '../../../lib/errors/migration-errors.js';
import type { Migration } from '../../../lib/migrate/migration.js';
import type { RepairOptions } from '../../../lib/migrate/options.js';
import { repaired } from '../../../lib/migrate/repaired.js';
import { comparisonOf, migrationOf } from './histories.js';

type As = RepairOptions['as'];

describe('repaired', () => {
  const edited = migrationOf(1, { text: 'something else' });
  const cases: Record<
    string,
    { files: (number | Migration)[]; told: string[]; can: Partial<Record<As, RegExp | string>> }
  > = {
    'that is pending': {
      files: [1],
      told: [],
      can: { applied: 'up', reverted: /Version 001 is not applied/, accepted: /nothing to accept/ },
    },
    'that is applied': {
      files: [1],
      told: ['1 up done'],
      can: { applied: /applied already/, reverted: 'down', accepted: /nothing to accept/ },
    },
    'that is applied and edited': {
      files: [edited],
      told: ['1 up done'],
      can: { applied: /applied already/, reverted: 'down', accepted: 'up' },
    },
    'that is edited and reverted': {
      files: [edited],
      told: ['1 up done', '1 down done'],
      can: { applied: 'up', reverted: /not applied/, accepted: /nothing to accept/ },
    },
    'that was interrupted on its way up': {
      files: [1],
      told: ['1 up unfinished'],
      can: { applied: 'up', reverted: 'down', accepted: /nothing to accept/ },
    },
    'that was interrupted on its way down': {
      files: [1],
      told: ['1 up done', '1 down unfinished'],
      can: { applied: 'up', reverted: 'down', accepted: /nothing to accept/ },
    },
    'whose file is gone': {
      files: [],
      told: ['1 up done'],
      can: { applied: /Version 001 has no file/, reverted: 'down', accepted: /nothing to accept/ },
    },
    'that was interrupted, and whose file is gone': {
      files: [],
      told: ['1 up unfinished'],
      can: { applied: /Version 001 has no file/, reverted: 'down', accepted: /nothing to accept/ },
    },
    'that nobody knows': {
      files: [2],
      told: ['2 up done'],
      can: Object.fromEntries(
        (['applied', 'reverted', 'accepted'] as const).map((as) => [as, /^There is no version 1, neither/]),
      ),
    },
  };

  for (const [name, { files, told, can }] of Object.entries(cases)) {
    for (const [as, expected] of Object.entries(can)) {
      it(`${typeof expected === 'string' ? 'says' : 'refuses to say'} that one ${name} is ${as}`, () => {
        const comparison = comparisonOf(files, ...told);
        const work = () => repaired(comparison, 1, as as As);
        if (typeof expected !== 'string') {
          expect(work)
            .to.throw(MigrationRefusedError, expected)
            .and.include({
              reason: 'not-as-said',
              version: 1,
              file: files[0] === 2 ? undefined : comparison.find(1)?.up.file,
            });
          return;
        }
        expect(work()).to.deep.equal({
          version: 1,
          label: '001',
          name: 'm1',
          direction: expected,
          outcome: 'marked',
          checksum: comparison.find(1)?.up.checksum ?? 'as it was',
          statements: 0,
          statementsDone: 0,
          durationMs: 0,
        });
      });
    }
  }
});
