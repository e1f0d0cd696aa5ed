import { randomInt } from 'node:crypto';
import { expect } from 'chai';
import { Kills, type Kill } from '../../../bench/migrations/kills/kills.js';
import { startPostgres, type PostgresServer } from '../../../lib/testing/index.js';

const moments = 20;

describe('a process that is killed while it migrates', function () {
  this.timeout(240_000);
  this.slow(60_000);
  let server: PostgresServer;
  let kills: Kills;

  before(async () => {
    server = await startPostgres();
    kills = await Kills.prepare(server);
  });
  after(async () => {
    await (kills as Kills | undefined)?.[Symbol.asyncDispose]();
    await server.stop();
  });

  const wrong = (all: readonly Kill[]) =>
    all.flatMap(({ direction, at, wrong }) => wrong.map((what) => `${direction}, ${at}: ${what}`));

  it('leaves what the next run finishes, and status tells the truth: at every boundary, up and down', async () => {
    const { up, down } = kills.undisturbed;
    expect(Math.min(up.events, down.events)).to.be.above(35);
    const all = await kills.atBoundaries();
    expect(wrong(all)).to.deep.equal([]);
    expect(all).to.have.length(up.events + down.events);
  });

  // Again: KILL_SEED=N
  const seed = Number(process.env.KILL_SEED ?? randomInt(2 ** 32 - 1));
  it(`leaves what the next run finishes, and status tells the truth: at any moment (seed ${String(seed)})`, async () => {
    const all = await kills.atMoments(moments, seed);
    expect(wrong(all)).to.deep.equal([]);
    expect(all.filter(({ early }) => !early).length, 'that were killed in time').to.be.above(moments / 3);
  });
});
