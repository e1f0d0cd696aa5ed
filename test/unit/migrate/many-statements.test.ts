import { expect } from 'chai';
import { lint } from '../../../lib/migrate/lint/lint.js';
import { readStatements } from '../../../lib/migrate/statements.js';
import { facts } from './lint/lint-sql.js';

describe('a migration of twenty thousand statements', () => {
  it('is linted in seconds, since the time grows with its length and no faster', async () => {
    const text = Array.from({ length: 20_000 }, (_, index) => `insert into t values (${String(index)});`).join('\n');
    const part = { file: '001_a.sql', text, firstLine: 1, checksum: '', transaction: true, idempotent: false };
    const statements = await readStatements(part);
    const started = performance.now();
    lint([{ version: 1, direction: 'up', part, statements }], facts());
    expect(performance.now() - started).to.be.below(4_000);
  }).timeout(60_000);
});
