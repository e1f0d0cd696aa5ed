import { expect } from 'chai';
import { Utilisation } from '../../../lib/monitor/utilisation.js';

describe('Utilisation', () => {
  const counts = (active: number, max = 10) => ({ size: active, active, idle: 0, waiting: 0, max });

  it('knows for how long at least 90 % have been in use', () => {
    const utilisation = new Utilisation();
    expect(utilisation.sustainedHighMs).to.equal(0);
    utilisation.look(5000, counts(9));
    expect(utilisation.sustainedHighMs).to.equal(0);
    utilisation.look(6000, counts(10));
    utilisation.look(65_000, counts(9));
    expect(utilisation.sustainedHighMs).to.equal(60_000);
  });

  it('begins anew where it was less', () => {
    const utilisation = new Utilisation();
    utilisation.look(0, counts(10));
    utilisation.look(30_000, counts(8));
    expect(utilisation.sustainedHighMs).to.equal(0);
    utilisation.look(31_000, counts(10));
    utilisation.look(33_000, counts(10));
    expect(utilisation.sustainedHighMs).to.equal(2000);
  });

  it('is of 90 %, whatever the size of the pool', () => {
    for (const [active, max, isHigh] of [
      [89, 100, false],
      [90, 100, true],
      [4, 5, false],
      [5, 5, true],
      [0, 1, false],
      [1, 1, true],
    ] as const) {
      const utilisation = new Utilisation();
      utilisation.look(0, counts(active, max));
      utilisation.look(1000, counts(active, max));
      expect(utilisation.sustainedHighMs > 0, `${String(active)} of ${String(max)}`).to.equal(isHigh);
    }
  });
});
