import { expect } from 'chai';
import { Circuit } from '../../../../lib/policy/circuit/circuit.js';
import type { CircuitChange } from '../../../../lib/policy/circuit/change.js';
import { fail, refused, rigWithProbe, rigWithTrials, trip } from './rig.js';
import type { Rig } from './rig.js';

const dead = () => Promise.reject(refused());
const alive = async () => 'alive';

describe('events of a circuit', () => {
  let rig: Rig;
  const pass = (ms: number) => rig.clock.advanceAsync(ms);

  beforeEach(() => {
    rig = rigWithProbe();
    rig.database.answer = dead;
  });

  it('tell what has changed, why, what was seen, and for how long it was open', async () => {
    const heard: [string, CircuitChange][] = [];
    for (const name of ['open', 'halfOpen', 'close'] as const) {
      rig.circuit.on(name, (change) => heard.push([name, change]));
    }
    const error = refused();
    rig.database.answer = () => Promise.reject(error);
    fail(rig.circuit);
    await pass(560);
    rig.database.answer = alive;
    await pass(1000);
    const [opened, half, closed] = rig.changes;
    expect(heard).to.deep.equal([
      ['open', opened],
      ['halfOpen', half],
      ['close', closed],
    ]);
    const { circuit } = { circuit: 'shop' };
    expect(opened).to.deep.equal({
      circuit,
      from: 'closed',
      to: 'open',
      reason: 'probe-failed',
      error,
      openedForMs: 0,
    });
    expect(half).to.include({ from: 'open', to: 'half-open', reason: 'probe-succeeded', error, openedForMs: 500 });
    expect(closed).to.include({ from: 'half-open', to: 'closed', reason: 'recovered', error, openedForMs: 800 });
  });

  it('are told when the state is already what they tell', async () => {
    const seen: [string, boolean][] = [];
    rig.circuit.on('stateChange', ({ to }) => {
      expect(rig.circuit.state).to.equal(to);
      seen.push([to, rig.circuit.barred]);
    });
    trip(rig.circuit);
    rig.database.answer = alive;
    await pass(1000);
    expect(seen).to.deep.equal([
      ['open', true],
      ['half-open', true],
      ['closed', false],
    ]);
  });

  it('are told no more to whom has left', () => {
    let heard = 0;
    const listener = () => (heard += 1);
    expect(rig.circuit.on('open', listener).off('open', listener)).to.equal(rig.circuit);
    trip(rig.circuit);
    expect(heard).to.equal(0);
    rig.circuit.shutdown();
  });

  it('harm nothing where a listener throws or rejects, which is handed on', async () => {
    const [sync, async] = [new Error('sync'), new Error('async')];
    for (const name of ['open', 'halfOpen', 'close'] as const) {
      rig.circuit.on(name, () => {
        throw sync;
      });
      // eslint-disable-next-line @typescript-eslint/no-misused-promises
      rig.circuit.on(name, () => Promise.reject(async));
    }
    trip(rig.circuit);
    expect(await rig.circuit.execute(() => 1).catch((error: unknown) => (error as { code: string }).code)).to.equal(
      'DB_CIRCUIT_OPEN',
    );
    rig.database.answer = alive;
    await pass(1000);
    expect(rig.circuit.state).to.equal('closed');
    expect(rig.changes).to.have.length(3);
    expect(rig.thrown).to.deep.equal([sync, async, sync, async, sync, async]);
  });

  it('leave no circuit open for ever where a listener and the log of its error both fail', async () => {
    rig = rigWithProbe(
      {},
      {
        onThrown: () => {
          throw new Error('the disk is full');
        },
      },
    );
    rig.circuit.on('open', () => {
      throw new Error('sync');
    });
    trip(rig.circuit);
    await pass(1000);
    expect(rig.circuit.state).to.equal('closed');
  });

  describe('whose listener', () => {
    it('isolates, leave it isolated', async () => {
      for (const name of ['open', 'halfOpen'] as const) {
        rig = rigWithProbe();
        rig.circuit.on(name, () => rig.circuit.isolate());
        trip(rig.circuit);
        await pass(60_000);
        expect(rig.circuit.state, name).to.equal('isolated');
        expect(rig.clock.pending, name).to.equal(0);
        rig.circuit.shutdown();
      }
    });

    it('isolates when a probe has failed, leave it isolated', async () => {
      rig.circuit.on('open', ({ reason }) => {
        if (reason === 'probe-failed') rig.circuit.isolate();
      });
      for (const [first, later] of [
        [dead, alive],
        [alive, dead],
      ] as const) {
        rig.circuit.resume();
        rig.database.answer = first;
        if (first === alive) trip(rig.circuit);
        else fail(rig.circuit);
        for (let i = 0; i < 50 && rig.circuit.state !== 'half-open' && rig.circuit.state !== 'isolated'; i++)
          await pass(20);
        rig.database.answer = later;
        await pass(1000);
        rig.database.answer = alive;
        await pass(60_000);
        expect(rig.circuit.state).to.equal('isolated');
        expect(rig.clock.pending).to.equal(0);
      }
    });

    it('shuts it down, or off, leave no probe and no timer', async () => {
      for (const name of ['open', 'halfOpen', 'close'] as const) {
        for (const way of ['shutdown', 'off'] as const) {
          for (const make of [rigWithProbe, rigWithTrials]) {
            rig = make();
            const { circuit } = rig;
            let asked = -1;
            let told = -1;
            circuit.on(name, () => {
              asked = circuit.describe().probes;
              told = rig.changes.length;
              if (way === 'off') circuit.mode = 'off';
              else circuit.shutdown();
            });
            trip(circuit);
            await pass(1000);
            for (let i = 0; i < 3; i++) await circuit.execute(() => 1).catch(() => undefined);
            await pass(60_000);
            expect(asked, name).to.be.at.least(0);
            if (way === 'shutdown') expect(rig.changes).to.have.length(told);
            expect(circuit.describe(), `${name} ${way}`).to.include({ state: 'closed', probes: asked });
            expect(rig.clock.pending, `${name} ${way}`).to.equal(0);
          }
        }
      }
    });
  });

  it('come without a listener, and with the system clock, too', () => {
    const circuit = new Circuit({ name: 'plain' });
    trip(circuit);
    expect(circuit.state).to.equal('open');
    circuit.shutdown();
  });
});
