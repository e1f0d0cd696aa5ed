import { expect } from 'chai';
import { monitorMemory } from '../../bench/monitor/memory.js';

describe('a million different statements', function () {
  this.timeout(600_000);

  it('leave at most 5 MB in the memory of the monitor', async () => {
    const { statements, heapMb } = await monitorMemory();
    expect(statements).to.equal(1_000_000);
    expect(heapMb).to.be.at.most(5);
    // Where it is nothing, nothing was measured.
    expect(heapMb).to.be.at.least(0.5);
  });
});
