import { expect } from 'chai';
import { CircuitOpenError } from '../../../../lib/errors/errors.js';
import { fail, failureOf, hung, refused, rigWithProbe, rigWithTrials, succeed, trip } from './rig.js';
import type { Rig } from './rig.js';

const dead = () => Promise.reject(refused());

describe('a circuit in the hands of an operator', () => {
  let rig: Rig;
  const state = () => rig.circuit.state;
  const pass = (ms: number) => rig.clock.advanceAsync(ms);

  beforeEach(() => {
    rig = rigWithProbe();
  });

  describe('isolate', () => {
    it('refuses everything until resume, with neither probe nor timer', async () => {
      rig.circuit.isolate();
      await pass(3_600_000);
      expect(state()).to.equal('isolated');
      const error = (await failureOf(rig.circuit.execute(() => 1))) as CircuitOpenError;
      expect(error).to.be.instanceOf(CircuitOpenError).and.include({ retryAfterMs: 0 });
      expect(error.message).to.include('"shop" is isolated by hand for 3600000 ms');
      expect(rig.database.askedAt).to.deep.equal([]);
      expect(rig.clock.pending).to.equal(0);
      rig.circuit.resume();
      expect(await rig.circuit.execute(() => 1)).to.equal(1);
      expect(rig.story()).to.deep.equal(['closed → isolated: by-hand', 'isolated → closed: by-hand']);
      expect(rig.changes[1]?.openedForMs).to.equal(3_600_000);
    });

    it('twice, and resume twice, are as once; resume of what is open does nothing', async () => {
      rig.circuit.resume();
      rig.circuit.isolate();
      rig.circuit.isolate();
      rig.circuit.resume();
      rig.circuit.resume();
      expect(rig.changes).to.have.length(2);
      rig.database.answer = dead;
      trip(rig.circuit);
      rig.circuit.resume();
      expect(state()).to.equal('open');
    });

    it('ends the suspicion and its probe', async () => {
      rig.database.answer = hung;
      fail(rig.circuit);
      await pass(60);
      rig.circuit.isolate();
      expect(rig.database.signals[0]?.aborted).to.equal(true);
      expect(rig.clock.pending).to.equal(0);
      expect(rig.circuit.describe().isSuspected).to.equal(false);
      await pass(10_000);
      expect(state()).to.equal('isolated');
    });

    it('of an open circuit keeps it from being closed by a probe', async () => {
      for (const ms of [0, 60, 460]) {
        rig = rigWithProbe();
        rig.database.answer = dead;
        trip(rig.circuit);
        await pass(60);
        rig.database.answer = async () => 'alive';
        await pass(ms);
        rig.circuit.isolate();
        await pass(60_000);
        expect(state()).to.equal('isolated');
        expect(rig.clock.pending).to.equal(0);
        rig.circuit.resume();
        expect(state()).to.equal('closed');
      }
    });

    it('of an open circuit promises nobody when to come again', async () => {
      trip(rig.circuit);
      await pass(1000);
      trip(rig.circuit);
      expect(rig.circuit.refusal().retryAfterMs).to.equal(1000);
      rig.circuit.isolate();
      expect(rig.circuit.refusal().retryAfterMs).to.equal(0);
    });

    it('tells nothing of an illness that is over', async () => {
      trip(rig.circuit);
      await pass(1000);
      expect(state()).to.equal('closed');
      rig.circuit.isolate();
      expect(rig.changes.at(-1)).to.include({ to: 'isolated', error: undefined });
    });

    it('lets what was under way end without any meaning', async () => {
      const tokens = Array.from({ length: 10 }, () => rig.circuit.begin());
      rig.circuit.isolate();
      for (const token of tokens.slice(5)) rig.circuit.fail(token, refused());
      rig.circuit.suspect(refused());
      rig.circuit.resume();
      for (const token of tokens.slice(0, 5)) rig.circuit.fail(token, refused());
      expect(rig.circuit.describe()).to.include({ state: 'closed', calls: 0, opened: 0 });
      await pass(100);
      expect(rig.circuit.describe()).to.include({ state: 'closed', calls: 0, isSuspected: false, opened: 0 });
      expect(rig.clock.pending).to.equal(0);
    });

    it('refuses in every mode', async () => {
      for (const mode of ['off', 'metrics-only', 'on'] as const) {
        rig.circuit.mode = mode;
        rig.circuit.isolate();
        expect(await failureOf(rig.circuit.execute(() => 1)), mode).to.be.instanceOf(CircuitOpenError);
        rig.circuit.resume();
        expect(await rig.circuit.execute(() => 1), mode).to.equal(1);
      }
      rig.circuit.mode = 'on';
      rig.circuit.isolate();
      rig.circuit.mode = 'off';
      expect(await failureOf(rig.circuit.execute(() => 1))).to.be.instanceOf(CircuitOpenError);
    });
  });

  describe('mode', () => {
    it('metrics-only opens and closes, counts those who would have been refused, and refuses nobody', async () => {
      rig = rigWithProbe({ mode: 'metrics-only' });
      rig.database.answer = dead;
      trip(rig.circuit);
      await pass(100);
      for (let i = 0; i < 3; i++) expect(await rig.circuit.execute(() => 'done')).to.equal('done');
      expect(rig.circuit.describe()).to.include({ state: 'open', rejections: 0, wouldBeRejections: 3 });
      expect(rig.circuit.refuses).to.equal(false);
      rig.database.answer = async () => 'alive';
      await pass(1000);
      expect(rig.story()).to.deep.equal([
        'closed → open: failures-in-a-row',
        'open → half-open: probe-succeeded',
        'half-open → closed: recovered',
      ]);
      await rig.circuit.execute(() => 'done');
      expect(rig.circuit.describe().wouldBeRejections).to.equal(3);
    });

    it('switched to on while it is open refuses from then on, and back', async () => {
      rig = rigWithProbe({ mode: 'metrics-only' });
      rig.database.answer = dead;
      trip(rig.circuit);
      rig.circuit.mode = 'on';
      expect(rig.circuit.refuses).to.equal(true);
      expect(await failureOf(rig.circuit.execute(() => 1))).to.be.instanceOf(CircuitOpenError);
      rig.circuit.mode = 'metrics-only';
      expect(await rig.circuit.execute(() => 1)).to.equal(1);
      expect(rig.circuit.describe()).to.include({ mode: 'metrics-only', state: 'open', rejections: 1 });
      expect(rig.circuit.describe().wouldBeRejections).to.equal(1);
      rig.circuit.shutdown();
    });

    it('off sees nothing and asks nothing', async () => {
      rig = rigWithProbe({ mode: 'off' });
      trip(rig.circuit);
      succeed(rig.circuit, 5);
      rig.circuit.suspect(refused());
      expect(rig.circuit.describe()).to.include({ calls: 0, failed: 0 });
      await pass(10_000);
      expect(rig.circuit.describe()).to.include({
        state: 'closed',
        calls: 0,
        isSuspected: false,
        probes: 0,
        mode: 'off',
      });
      expect(rig.clock.pending).to.equal(0);
    });

    it('off closes what is open and ends its probes; on again it begins closed', async () => {
      rig.database.answer = dead;
      trip(rig.circuit);
      await pass(1000);
      rig.circuit.mode = 'off';
      expect(rig.story().at(-1)).to.equal('open → closed: by-hand');
      expect(rig.clock.pending).to.equal(0);
      expect(await rig.circuit.execute(() => 1)).to.equal(1);
      rig.circuit.mode = 'on';
      expect(rig.circuit.describe()).to.include({ state: 'closed', calls: 0, isSuspected: false });
      fail(rig.circuit, 5);
      expect(state()).to.equal('closed');
      fail(rig.circuit);
      expect(state()).to.equal('open');
      rig.circuit.shutdown();
    });

    it('off ends a suspicion and its probe', async () => {
      rig.database.answer = dead;
      fail(rig.circuit);
      rig.circuit.mode = 'off';
      expect(rig.clock.pending).to.equal(0);
      await pass(1000);
      expect(rig.circuit.describe()).to.include({ isSuspected: false, probes: 0, state: 'closed' });
      expect(rig.changes).to.deep.equal([]);
    });
  });

  describe('shutdown', () => {
    it('while it is open leaves nothing pending, and tells nothing any more', async () => {
      for (const answer of [dead, hung]) {
        rig = rigWithProbe();
        rig.database.answer = answer;
        trip(rig.circuit);
        await pass(100);
        const told = rig.changes.length;
        rig.circuit.shutdown();
        expect(rig.clock.pending).to.equal(0);
        expect(rig.database.signals.at(-1)?.aborted).to.equal(answer === hung);
        expect(rig.probingEnded()).to.be.at.least(1);
        await pass(120_000);
        expect(rig.changes).to.have.length(told);
        expect(rig.clock.pending).to.equal(0);
      }
    });

    it('admits what is asked then, and is changed by nothing', async () => {
      rig.circuit.isolate();
      rig.circuit.shutdown();
      const told = rig.changes.length;
      expect(await rig.circuit.execute(() => 1)).to.equal(1);
      rig.circuit.mode = 'on';
      rig.circuit.isolate();
      expect(rig.circuit.state).to.equal('closed');
      rig.circuit.resume();
      trip(rig.circuit);
      rig.circuit.suspect(refused());
      expect(rig.circuit.describe()).to.include({ state: 'closed', mode: 'off', opened: 0 });
      expect(rig.circuit.barred).to.equal(false);
      expect(rig.changes).to.have.length(told);
      expect(rig.clock.pending).to.equal(0);
    });

    it('of one that lets callers try leaves no timer either', async () => {
      rig = rigWithTrials();
      trip(rig.circuit);
      expect(rig.clock.pending).to.equal(1);
      rig.circuit.shutdown();
      expect(rig.clock.pending).to.equal(0);
      expect(await rig.circuit.execute(() => 1)).to.equal(1);
    });
  });
});
