import { expect } from 'chai';
import { runHeap } from '../../bench/faults/run-heap.js';

// 2 MB where nothing else runs, with fourfold slack.
const mostGrowth = 8 * 2 ** 20;

describe('five cycles of faults', function () {
  this.timeout(300_000);

  it('do not grow the heap', async () => {
    const { heap, growth } = await runHeap({ stack: 'ours', seconds: 2, rate: 200 });
    expect(growth, `the heap after each cycle: ${heap.join(', ')} bytes`).to.be.at.most(mostGrowth);
  });
});
