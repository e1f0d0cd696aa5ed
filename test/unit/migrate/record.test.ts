import { expect } from 'chai';
import { recordsOf } from '../../../lib/migrate/record.js';
import { rowsOf } from './histories.js';

describe('recordsOf', () => {
  const cases: Record<string, { told: string[]; state: string; row: number }> = {
    'applied after its way up': { told: ['1 up done'], state: 'applied', row: 1 },
    'applied where somebody said so': { told: ['1 up marked'], state: 'applied', row: 1 },
    'reverted after its way down': { told: ['1 up done', '1 down done'], state: 'reverted', row: 2 },
    'reverted where somebody said so': { told: ['1 up done', '1 down marked'], state: 'reverted', row: 2 },
    'applied again': { told: ['1 up done', '1 down done', '1 up done'], state: 'applied', row: 3 },
    'unfinished on its way up': { told: ['1 up unfinished'], state: 'unfinished', row: 1 },
    'unfinished on its way down': { told: ['1 up done', '1 down unfinished'], state: 'unfinished', row: 2 },
    'applied where an unfinished one was said to be': {
      told: ['1 up unfinished', '1 up marked'],
      state: 'applied',
      row: 2,
    },
    'reverted where an unfinished one was said to be': {
      told: ['1 up unfinished', '1 down marked'],
      state: 'reverted',
      row: 2,
    },
  };
  for (const [name, { told, state, row }] of Object.entries(cases)) {
    it(`tells that a version is ${name}, and by which row`, () => {
      const record = recordsOf(rowsOf(...told)).get(1);
      expect(record).to.include({ version: 1, state });
      expect(record?.row.id).to.equal(row);
    });
  }

  it('tells each version by its own rows', () => {
    const records = recordsOf(rowsOf('1 up done', '2 up done', '2 down done', '3 up unfinished'));
    expect([...records].map(([version, { state }]) => `${String(version)} ${state}`)).to.deep.equal([
      '1 applied',
      '2 reverted',
      '3 unfinished',
    ]);
    expect(recordsOf([]).size).to.equal(0);
  });
});
