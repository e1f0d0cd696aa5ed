import { expect } from 'chai';
import { addColumnBesideReaders } from '../../../bench/migrations/readers/add-column.js';
import { startPostgres, type PostgresServer } from '../../../lib/testing/index.js';

// As long as in production: READER_MS=30000
const readerMs = Number(process.env.READER_MS ?? 6000);
const stalledAtMostMs = 1000;

describe('readers of a table to which a column is added while somebody reads it for long', function () {
  this.timeout(readerMs * 4 + 60_000);
  this.slow(readerMs * 4);
  let server: PostgresServer;

  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());

  it('are never stalled for longer than a second, and the column comes when the long reader has gone', async () => {
    const { longestMs, reads, migratedMs, heldMs, attempts } = await addColumnBesideReaders(server, readerMs, 'up');
    expect(longestMs, 'the longest read').to.be.below(stalledAtMostMs);
    expect(attempts).to.be.above(2);
    expect(reads, 'reads while it waited').to.be.above(readerMs / 100);
    expect(migratedMs, 'when the column came').to.be.within(readerMs - 1000, heldMs + 20_000);
  });

  it('would wait as long as the long one reads without a time limit for locks', async () => {
    const { longestMs } = await addColumnBesideReaders(server, 3000, 'plain');
    expect(longestMs).to.be.above(stalledAtMostMs * 2);
  });
});
