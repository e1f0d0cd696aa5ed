import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { CircuitOpenError, QueryTimeoutError } from '../../../../lib/errors/errors.js';
import { databaseError, fail, failureOf, hung, lost, refused, rigWithProbe, succeed, trip } from './rig.js';
import type { Rig } from './rig.js';

const dead = () => Promise.reject(refused());
const alive = async () => 'alive';

describe('a circuit with a probe', () => {
  let rig: Rig;
  const state = () => rig.circuit.state;
  const isSuspected = () => rig.circuit.describe().isSuspected;
  const pass = (ms: number) => rig.clock.advanceAsync(ms);

  beforeEach(() => {
    rig = rigWithProbe();
  });

  /** Opens while the database is dead, and stays so. */
  async function openWhileDead(): Promise<void> {
    rig.database.answer = dead;
    trip(rig.circuit);
    await pass(100);
    expect(state()).to.equal('open');
  }

  describe('opens', () => {
    it('not for the first failure, which asks the database; its answer ends the suspicion', async () => {
      fail(rig.circuit);
      expect(state()).to.equal('closed');
      expect(isSuspected()).to.equal(true);
      await pass(100);
      expect(rig.circuit.describe()).to.include({ probes: 1, isSuspected: false, state: 'closed', failed: 1 });
      expect(rig.probingEnded(), 'the connection for it is not needed any more').to.equal(1);
      await pass(60_000);
      expect(rig.circuit.describe().probes).to.equal(1);
      expect(rig.story()).to.deep.equal([]);
      expect(rig.clock.pending).to.equal(0);
    });

    it('where the probe fails as well, and the next one: what is over by then is left to retries', async () => {
      rig.database.answer = dead;
      fail(rig.circuit);
      await pass(500);
      expect(rig.circuit.describe()).to.include({ probes: 1, state: 'closed', isSuspected: true });
      await pass(100);
      expect(rig.story()).to.deep.equal(['closed → open: probe-failed']);
    });

    it('where the probe is never answered', async () => {
      rig.database.answer = hung;
      fail(rig.circuit);
      await pass(50 + 1999);
      expect(state()).to.equal('closed');
      await pass(1);
      expect(rig.story()).to.deep.equal(['closed → open: probe-failed']);
    });

    it('at the fifth failure in a row of work that began after the first', () => {
      fail(rig.circuit, 5);
      expect(state()).to.equal('closed');
      fail(rig.circuit);
      expect(rig.story()).to.deep.equal(['closed → open: failures-in-a-row']);
    });

    it('by work that began after the first sign of illness, whatever signs follow', () => {
      fail(rig.circuit);
      const tokens = Array.from({ length: 5 }, () => rig.circuit.begin());
      rig.circuit.suspect(lost());
      for (const token of tokens) rig.circuit.fail(token, refused());
      expect(state()).to.equal('open');
    });

    it('not where there was an answer in between', () => {
      fail(rig.circuit, 5);
      succeed(rig.circuit);
      fail(rig.circuit, 4);
      expect(state()).to.equal('closed');
      fail(rig.circuit);
      expect(state()).to.equal('open');
    });

    it('not for twenty statements that are lost at once, which are one failure', () => {
      const tokens = Array.from({ length: 20 }, () => rig.circuit.begin());
      for (const token of tokens) rig.circuit.fail(token, lost());
      expect(state()).to.equal('closed');
      expect(rig.circuit.describe()).to.include({ failed: 1, calls: 1, isSuspected: true });
      fail(rig.circuit, 4);
      expect(state()).to.equal('closed');
      fail(rig.circuit);
      expect(state()).to.equal('open');
    });

    it('where half of twenty calls failed, not where it is less, nor where the calls are fewer', () => {
      const failingAndAnswered = (pairs: number) => {
        for (let i = 0; i < pairs; i++) {
          succeed(rig.circuit);
          fail(rig.circuit);
        }
      };
      failingAndAnswered(9);
      succeed(rig.circuit);
      expect(rig.circuit.describe()).to.include({ calls: 19, failed: 9, state: 'closed' });
      succeed(rig.circuit);
      fail(rig.circuit);
      expect(rig.circuit.describe(), '10 of 21').to.include({ calls: 21, failed: 10, state: 'closed' });
      fail(rig.circuit);
      expect(rig.story(), '11 of 22').to.deep.equal(['closed → open: failure-rate']);

      rig = rigWithProbe();
      failingAndAnswered(9);
      succeed(rig.circuit);
      fail(rig.circuit);
      expect(rig.story(), '10 of 20').to.deep.equal(['closed → open: failure-rate']);
    });

    it('not for failures of more than 10 s ago', async () => {
      for (let i = 0; i < 9; i++) {
        succeed(rig.circuit);
        fail(rig.circuit);
      }
      await pass(10_000);
      succeed(rig.circuit);
      fail(rig.circuit);
      expect(rig.circuit.describe()).to.include({ calls: 2, failed: 1, state: 'closed' });
    });

    it('by its own numbers where they are given', () => {
      rig = rigWithProbe({ failuresInARow: 2 });
      fail(rig.circuit, 3);
      expect(rig.story()).to.deep.equal(['closed → open: failures-in-a-row']);
      rig = rigWithProbe({ failurePercent: 100, leastCalls: 1, failuresInARow: 1000 });
      fail(rig.circuit);
      expect(rig.story()).to.deep.equal(['closed → open: failure-rate']);
    });

    it('by what was asked for, in whichever order answers and failures come', () => {
      fc.assert(
        fc.property(fc.array(fc.boolean(), { maxLength: 80 }), (outcomes) => {
          rig = rigWithProbe();
          let [calls, failed, inARow, isSuspected] = [0, 0, 0, false];
          for (const isFailure of outcomes) {
            if (isFailure) fail(rig.circuit);
            else succeed(rig.circuit);
            calls += 1;
            failed += isFailure ? 1 : 0;
            inARow = isFailure && isSuspected ? inARow + 1 : 0;
            isSuspected ||= isFailure;
            const isOpen = isFailure && (inARow === 5 || (calls >= 20 && failed / calls >= 0.5));
            expect(state()).to.equal(isOpen ? 'open' : 'closed');
            if (isOpen) return;
          }
        }),
      );
    });
  });

  describe('is not opened', () => {
    it('by time-outs alone, which but ask the database', async () => {
      for (let i = 0; i < 40; i++) {
        const late = rig.circuit.execute(() => Promise.reject(new QueryTimeoutError(5, { outcome: 'unknown' })));
        expect(await failureOf(late)).to.be.instanceOf(QueryTimeoutError);
      }
      expect(rig.circuit.describe()).to.include({ state: 'closed', isSuspected: true, calls: 0, failed: 0 });
      await pass(100);
      expect(rig.circuit.describe()).to.include({ state: 'closed', isSuspected: false, probes: 1 });
    });

    it('but is by a time-out and a probe that fails', async () => {
      rig.database.answer = hung;
      rig.circuit.settle(rig.circuit.begin(), new QueryTimeoutError(5, { outcome: 'unknown' }), 'late');
      await pass(2050);
      expect(rig.story()).to.deep.equal(['closed → open: probe-failed']);
    });

    it('by mistakes in statements, constraints, callers who give up, or faults of the application', async () => {
      const harmless = [
        databaseError('42601'),
        databaseError('23505'),
        databaseError('40001'),
        new DOMException('gave up', 'AbortError'),
        new TypeError('x is not a function'),
        new Error('whatever'),
        'a string',
        undefined,
      ];
      for (const error of harmless) {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        for (let i = 0; i < 30; i++) await failureOf(rig.circuit.execute(() => Promise.reject(error)));
      }
      expect(rig.circuit.describe()).to.include({ state: 'closed', isSuspected: false, failed: 0 });
      expect(rig.circuit.describe().calls, "only the database's own errors are answers").to.equal(90);
    });

    it('by a suspicion that the database denies, however often it is raised', async () => {
      for (let i = 0; i < 30; i++) {
        rig.circuit.suspect(lost());
        await pass(1000);
      }
      expect(rig.circuit.describe()).to.include({ state: 'closed', opened: 0, failed: 0, probes: 30 });
    });

    it('by a probe that is refused for a wrong password, since a database that refuses lives', async () => {
      rig.database.answer = () => Promise.reject(databaseError('28P01'));
      fail(rig.circuit);
      await pass(100);
      expect(rig.circuit.describe()).to.include({ state: 'closed', isSuspected: false, probes: 1 });
    });

    it('by a probe that could not be made, which is made again', async () => {
      rig.database.answer = () => Promise.reject(new TypeError('the function that tells the password has thrown'));
      fail(rig.circuit);
      await pass(1600);
      expect(rig.circuit.describe()).to.include({ state: 'closed', isSuspected: true, probes: 4 });
    });
  });

  describe('while it is open', () => {
    it('refuses without calling, and says for how long it has been open and when to come again', async () => {
      await openWhileDead();
      await pass(300);
      let called = 0;
      const error = (await failureOf(rig.circuit.execute(() => (called += 1)))) as CircuitOpenError;
      expect(called).to.equal(0);
      expect(error).to.be.instanceOf(CircuitOpenError);
      expect(error).to.include({
        code: 'DB_CIRCUIT_OPEN',
        name: 'CircuitOpenError',
        circuit: 'shop',
        outcome: 'not-executed',
        retryable: true,
        retryAfterMs: 150,
      });
      expect(error.cause).to.equal(undefined);
      expect(error.message).to.equal(
        'Circuit "shop" is open for 400 ms now; the call was refused, and nothing was sent. ' +
          'Last seen: The database cannot be reached (ECONNREFUSED)',
      );
      expect(rig.circuit.describe()).to.include({ rejections: 1, wouldBeRejections: 0, openedForMs: 400 });
    });

    it('shows nothing of the error that was seen, in which there may be values of another caller', async () => {
      const secret = 'hunter2-secret';
      const seen = Object.assign(refused(`connect to ${secret}`), { detail: secret, cause: new Error(secret) });
      rig.database.answer = () => Promise.reject(seen);
      for (let i = 0; i < 6; i++) rig.circuit.fail(rig.circuit.begin(), seen);
      for (const ms of [0, 100]) {
        await pass(ms);
        const error = (await failureOf(rig.circuit.execute(() => 1))) as CircuitOpenError;
        for (const shown of [
          error.message,
          error.stack,
          inspect(error, { depth: 9, showHidden: true }),
          JSON.stringify(error),
        ])
          expect(shown).not.to.include(secret);
      }
    });

    it('knows when to come again as soon as it tells that it is open', async () => {
      const retryAfter: number[] = [];
      rig.circuit.on('open', () => retryAfter.push(rig.circuit.refusal().retryAfterMs));
      rig.database.answer = dead;
      fail(rig.circuit);
      await pass(600);
      expect(retryAfter).to.deep.equal([500]);
    });

    it('asks 500 ms after 500 ms, and each 5 s after a minute', async () => {
      await openWhileDead();
      await pass(120_000);
      const gaps = rig.database.askedAt.slice(1).map((at, index) => at - rig.database.askedAt[index]!);
      expect(gaps.slice(0, 118).every((ms) => ms === 500)).to.equal(true);
      expect(gaps.slice(-10).every((ms) => ms === 5000)).to.equal(true);
      expect(state()).to.equal('open');
    });

    it('takes no notice of what began before', async () => {
      const [late, later] = [rig.circuit.begin(), rig.circuit.begin()];
      await openWhileDead();
      rig.circuit.succeed(late);
      rig.circuit.fail(later, refused());
      expect(rig.story()).to.deep.equal(['closed → open: failures-in-a-row']);
      expect(rig.circuit.describe()).to.include({ state: 'open', leastOpenMs: 0 });
    });

    it('is not suspected as well', async () => {
      await openWhileDead();
      rig.circuit.suspect(lost());
      expect(isSuspected()).to.equal(false);
    });

    it("names what was seen, and no code of this package's own", async () => {
      rig.database.answer = () => Promise.reject(lost());
      fail(rig.circuit);
      await pass(100);
      expect(rig.circuit.refusal().message).to.match(/Last seen: The connection was lost$/);
    });

    it('opens once, however many fail', async () => {
      const tokens = Array.from({ length: 100 }, () => rig.circuit.begin());
      trip(rig.circuit);
      for (const token of tokens) rig.circuit.fail(token, refused());
      fail(rig.circuit, 20);
      expect(rig.story()).to.have.length(1);
      expect(rig.circuit.describe().opened).to.equal(1);
    });
  });

  describe('closes', () => {
    it('when two probes in a row have been answered, and is half-open, and refuses, between them', async () => {
      await openWhileDead();
      rig.database.answer = alive;
      await pass(450);
      expect(state()).to.equal('half-open');
      expect(await failureOf(rig.circuit.execute(() => 1))).to.be.instanceOf(CircuitOpenError);
      await pass(400);
      expect(state()).to.equal('closed');
      expect(await rig.circuit.execute(() => 1)).to.equal(1);
      expect(rig.story().slice(1)).to.deep.equal([
        'open → half-open: probe-succeeded',
        'half-open → closed: recovered',
      ]);
      const { probes } = rig.circuit.describe();
      await pass(60_000);
      expect(rig.circuit.describe().probes, 'and asks no more').to.equal(probes);
      expect(rig.clock.pending).to.equal(0);
    });

    it('not where the second fails; then two more are needed', async () => {
      await openWhileDead();
      const answers = [alive, dead, alive, alive];
      const { length: before } = rig.database.askedAt;
      rig.database.answer = () => answers[rig.database.askedAt.length - before - 1]!();
      await pass(5000);
      expect(rig.story().slice(1)).to.deep.equal([
        'open → half-open: probe-succeeded',
        'half-open → open: probe-failed',
        'open → half-open: probe-succeeded',
        'half-open → closed: recovered',
      ]);
      expect(rig.database.askedAt.length - before).to.equal(4);
      expect(rig.circuit.describe().opened, 'one outage').to.equal(1);
    });

    it('also where the probes are refused for a wrong password', async () => {
      await openWhileDead();
      rig.database.answer = () => Promise.reject(databaseError('28P01'));
      await pass(1000);
      expect(state()).to.equal('closed');
    });

    it('not where a server answers that it cannot take the connection', async () => {
      for (const code of ['57P03', '53300', '53200']) {
        rig = rigWithProbe();
        await openWhileDead();
        rig.database.answer = () => Promise.reject(databaseError(code));
        await pass(10_000);
        expect(state(), code).to.equal('open');
      }
    });

    it('not where the probes could not be made', async () => {
      await openWhileDead();
      rig.database.answer = () => Promise.reject(new TypeError('the function that tells the password has thrown'));
      await pass(10_000);
      expect(state()).to.equal('open');
    });

    it('within a second of the database being back, whatever the jitter', async () => {
      const backAfter = async (outageMs: number, random: () => number) => {
        rig = rigWithProbe({}, { random });
        rig.database.answer = dead;
        trip(rig.circuit);
        await pass(outageMs);
        rig.database.answer = alive;
        await pass(999);
        expect(state(), `after ${String(outageMs)} ms`).to.equal('closed');
      };
      for (let ms = 1; ms < 1500; ms += 7) await backAfter(ms, () => 0.9999);
      const random = fc.infiniteStream(fc.double({ min: 0, max: 0.9999, noNaN: true }));
      await fc.assert(
        fc.asyncProperty(random, fc.integer({ min: 1, max: 20_000 }), (randoms, outageMs) =>
          backAfter(outageMs, () => randoms.next().value),
        ),
        { numRuns: 40 },
      );
    });

    it('with an empty window, so that what was before does not open it again', async () => {
      await openWhileDead();
      rig.database.answer = alive;
      await pass(1000);
      expect(rig.circuit.describe()).to.include({ calls: 0, failed: 0, isSuspected: false, openedForMs: undefined });
      fail(rig.circuit, 5);
      expect(state()).to.equal('closed');
    });

    it('and counts nothing of what began before it did; a failure of it is but asked about', async () => {
      const tokens = Array.from({ length: 40 }, () => rig.circuit.begin());
      await openWhileDead();
      const whileOpen = rig.circuit.begin();
      rig.database.answer = alive;
      await pass(1000);
      expect(state()).to.equal('closed');
      for (const token of tokens.slice(20)) rig.circuit.succeed(token);
      for (const token of tokens.slice(0, 20)) rig.circuit.fail(token, lost());
      rig.circuit.fail(whileOpen, lost());
      expect(rig.circuit.describe()).to.include({ state: 'closed', calls: 0, failed: 0, isSuspected: true });
      await pass(600);
      expect(rig.circuit.describe()).to.include({ state: 'closed', isSuspected: false, opened: 1 });
    });
  });

  it('stays open for longer each time it opens again within a minute, up to 16 s', async () => {
    const openFor: number[] = [];
    rig.circuit.on('close', ({ openedForMs }) => openFor.push(openedForMs));
    const least: number[] = [];
    for (let i = 0; i < 7; i++) {
      trip(rig.circuit);
      least.push(rig.circuit.describe().leastOpenMs);
      await pass(20_000);
      expect(state()).to.equal('closed');
      await pass(30_000);
    }
    expect(least).to.deep.equal([0, 1000, 2000, 4000, 8000, 16_000, 16_000]);
    expect(openFor[0]).to.be.below(1000);
    for (const [index, ms] of openFor.entries()) expect(ms).to.be.within(least[index]!, least[index]! + 1000);
    await pass(60_001);
    trip(rig.circuit);
    expect(rig.circuit.describe().leastOpenMs).to.equal(0);
  });

  it('tells the least open time that is left where that is longer than to the next probe', async () => {
    trip(rig.circuit);
    await pass(1000);
    trip(rig.circuit);
    expect(rig.circuit.refusal().retryAfterMs).to.equal(1000);
    await pass(700);
    expect(rig.circuit.refusal().retryAfterMs).to.equal(300);
  });

  it('describes itself', async () => {
    const settings = { failuresInARow: 5, failurePercent: 50, leastCalls: 20, windowMs: 10_000 };
    const quiet = { isSuspected: false, calls: 0, failed: 0, leastOpenMs: 0, openedForMs: undefined, opened: 0 };
    const counts = { rejections: 0, wouldBeRejections: 0, probes: 0 };
    const atFirst = { name: 'shop', mode: 'on', state: 'closed', ...settings, ...quiet, ...counts };
    expect(rig.circuit.describe()).to.deep.equal(atFirst);
    succeed(rig.circuit, 3);
    await openWhileDead();
    await failureOf(rig.circuit.execute(() => 1));
    expect(rig.circuit.describe()).to.deep.equal({
      ...atFirst,
      state: 'open',
      calls: 9,
      failed: 6,
      openedForMs: 100,
      opened: 1,
      rejections: 1,
      probes: 1,
    });
  });

  it('gives what the work gives, and throws what it throws', async () => {
    expect(await rig.circuit.execute(() => 'at once')).to.equal('at once');
    expect(await rig.circuit.execute(async () => 'later')).to.equal('later');
    const error = new OwnError();
    const thrown = rig.circuit.execute(() => {
      throw error;
    });
    expect(await failureOf(thrown)).to.equal(error);
  });
});

class OwnError extends Error {}
