import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { families } from '../../../lib/metrics/families.js';
import type { Family } from '../../../lib/metrics/family.js';
import { tableRows } from '../../support/table-rows.js';
import { fakeDatabase } from './fake-database.js';

const text = readFileSync('docs/monitoring.md', 'utf8');

function labelsOf({ read }: Family): string[] {
  const { metrics, source } = fakeDatabase();
  source.healthNow = { status: 0, probeMs: 1, probedAt: 1 };
  const labels = read(metrics).flatMap((sample) => Object.keys(sample.labels));
  return [...new Set(labels)].filter((label) => label !== 'le');
}

describe('docs/monitoring.md', () => {
  for (const family of families) {
    it(`tells the labels, the type and the meaning of ${family.name}`, () => {
      const rows = tableRows(text, family.name);
      expect(rows).to.have.length(1);
      const [, labels = '', type, meaning] = rows[0] ?? [];
      expect(labels.match(/\w+/g) ?? []).to.have.members(labelsOf(family));
      expect(type).to.equal(family.type);
      expect(meaning).not.to.equal('');
    });
  }

  it('tells of no other metric', () => {
    const named = [...text.matchAll(/^\| `(db_\w+)`/gm)].map(([, name]) => name);
    expect(named).to.have.members(families.map(({ name }) => name));
  });
});
