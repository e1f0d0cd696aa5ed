import { expect } from 'chai';
import type { Circuit } from '../../../lib/policy/circuit/circuit.js';
import { Silence } from '../../../lib/pool/silence.js';
import { rigWithProbe, succeed } from '../policy/circuit/rig.js';

describe('Silence', () => {
  let answers: number;
  let raised: unknown[];
  let silence: Silence;

  beforeEach(() => {
    answers = 0;
    raised = [];
    const circuit = {
      get answers() {
        return answers;
      },
      suspect: (error: unknown) => raised.push(error),
    };
    silence = new Silence(circuit as unknown as Circuit);
  });

  function lookEach(ms: number, from: number, to: number, isBusy = true): void {
    for (let now = from; now <= to; now += ms) silence.look(now, isBusy);
  }

  it('is noticed after a second in which work was under way and nothing was answered', () => {
    lookEach(100, 0, 900);
    expect(raised).to.deep.equal([]);
    silence.look(1000, true);
    expect(raised).to.have.length(1);
    expect(raised[0]).to.include({ code: 'DB_CONNECTION_LOST', outcome: 'unknown' });
  });

  it('is none where nothing is under way, or where something is answered', () => {
    lookEach(100, 0, 60_000, false);
    for (let now = 60_000; now < 120_000; now += 900) {
      answers += 1;
      silence.look(now, true);
    }
    expect(raised).to.deep.equal([]);
  });

  it('counts from when work began, not from when there was none', () => {
    lookEach(100, 0, 5000, false);
    lookEach(100, 5100, 6000);
    expect(raised).to.deep.equal([]);
    silence.look(6100, true);
    expect(raised).to.have.length(1);
  });

  it('counts anew where there was a pause', () => {
    lookEach(100, 0, 900);
    silence.look(950, false);
    lookEach(100, 1000, 1900);
    expect(raised).to.deep.equal([]);
    silence.look(2000, true);
    expect(raised).to.have.length(1);
  });

  it('is raised less and less often, each 30 s in the end', () => {
    const at: number[] = [];
    for (let now = 0; now <= 200_000; now += 500) {
      const before = raised.length;
      silence.look(now, true);
      if (raised.length > before) at.push(now);
    }
    expect(at).to.deep.equal([1000, 3000, 7000, 15_000, 31_000, 61_000, 91_000, 121_000, 151_000, 181_000]);
  });

  it('is raised after a second again once something was answered', () => {
    lookEach(500, 0, 20_000);
    const before = raised.length;
    answers += 1;
    lookEach(500, 20_500, 21_000);
    expect(raised).to.have.length(before);
    silence.look(21_500, true);
    expect(raised).to.have.length(before + 1);
  });

  it('makes a circuit ask, and open where the database stays silent', async () => {
    const { circuit, clock, database } = rigWithProbe();
    const real = new Silence(circuit);
    succeed(circuit);
    for (let now = 0; now < 1000; now += 250) real.look(now, true);
    expect(circuit.describe().isSuspected).to.equal(false);
    real.look(1000, true);
    expect(circuit.describe().isSuspected).to.equal(true);
    await clock.advanceAsync(100);
    expect(circuit.describe(), 'a long statement').to.include({ state: 'closed', isSuspected: false, probes: 1 });
    database.answer = () => new Promise(() => undefined);
    real.look(2500, true);
    succeed(circuit);
    real.look(3000, true);
    expect(circuit.describe().isSuspected, 'it has answered').to.equal(false);
    real.look(4000, true);
    await clock.advanceAsync(3000);
    expect(circuit.state).to.equal('open');
    circuit.shutdown();
  });
});
