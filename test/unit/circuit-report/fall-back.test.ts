import { expect } from 'chai';
import { fallBack } from '../../../bench/circuit/flapping/fall-back.js';
import { fallBackBroken } from '../../../bench/circuit/flapping/flapping.js';

describe('the least open time', () => {
  it('doubles from 1 s to 16 s while the circuit opens again within a minute, and falls back to none', async () => {
    const openings = await fallBack([5000, 5000, 5000, 5000, 5000, 5000, 5000, 59_000, 60_100, 5000]);
    expect(openings.map(({ leastOpenMs }) => leastOpenMs)).to.deep.equal([
      0, 1000, 2000, 4000, 8000, 16_000, 16_000, 16_000, 0, 1000,
    ]);
    expect(fallBackBroken(openings)).to.deep.equal([]);
  });

  it('breaks a rule where it does not fall back, or does so too soon', () => {
    const first = { closedForMs: 5000, leastOpenMs: 0 };
    expect(fallBackBroken([first, { closedForMs: 60_100, leastOpenMs: 1000 }])).to.have.length(1);
    expect(fallBackBroken([first, { closedForMs: 59_000, leastOpenMs: 0 }])).to.have.length(1);
  });
});
