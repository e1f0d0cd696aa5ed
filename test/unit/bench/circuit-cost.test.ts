import { expect } from 'chai';
import { less, measureCost } from '../../../bench/pool/cost.js';
import { circuitPass, emptyPass } from '../../../bench/pool/parts/circuit-pass.js';
import { circuitLines } from '../../../bench/pool/tables.js';
import { isCircuitCheap } from '../../../bench/pool/verdict.js';

describe('bench: cost of the circuit', () => {
  it('is what is left without the loop', () => {
    expect(less({ nanos: 50, bytes: 16 }, { nanos: 2, bytes: 0.5 })).to.deep.equal({ nanos: 48, bytes: 15.5 });
  });

  it('a cost is that of one time, over so many runs', async () => {
    const asked: number[] = [];
    const cost = await measureCost({ runs: 3, times: 10 }, (times) => void asked.push(times));
    expect(asked).to.deep.equal([10, 10, 10]);
    expect(cost).to.have.all.keys('nanos', 'bytes');
  });

  it('the circuit sees each pass, and stays closed, in one run after the other', () => {
    const [through, alone] = [circuitPass(), emptyPass()];
    for (const times of [1, 1000, 7]) {
      through(times);
      alone(times);
    }
  });

  it('may be 300 ns', () => {
    const cost = (nanos: number) => ({ nanos, bytes: 16 });
    expect([isCircuitCheap(cost(300)), isCircuitCheap(cost(300.1))]).to.deep.equal([true, false]);
    expect(circuitLines(cost(300), true))
      .to.include('300 ns     16 bytes')
      .and.to.include('at most 300 ns: kept');
    expect(circuitLines(cost(301), true)).to.include('at most 300 ns: BROKEN');
    expect(circuitLines(cost(301), false)).to.include('at most 300 ns: not judged');
  });
});
