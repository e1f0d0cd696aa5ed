import { expect } from 'chai';
import { ConnectionMonitor } from '../../../lib/monitor/connections.js';
import { FakeClock } from '../../../lib/testing/index.js';

describe('ConnectionMonitor', () => {
  const counts = { size: 3, active: 2, idle: 1, waiting: 4, max: 10 };

  it('keeps what there was at each moment', () => {
    const monitor = new ConnectionMonitor();
    expect(monitor.snapshots()).to.deep.equal([]);
    monitor.acquisitions.acquired(1);
    monitor.acquisitions.acquired(1);
    monitor.acquisitions.failed('timeout', 1);
    monitor.snapshot(counts, new Date('2026-01-02T03:04:05.678Z'));
    monitor.acquisitions.acquired(1);
    monitor.snapshot({ ...counts, waiting: 0 }, new Date('2026-01-02T03:04:06.678Z'));
    const { max: _max, ...shown } = counts;
    expect(monitor.snapshots()).to.deep.equal([
      { at: '2026-01-02T03:04:05.678Z', ...shown, acquisitions: 2, failures: 1 },
      { at: '2026-01-02T03:04:06.678Z', ...shown, waiting: 0, acquisitions: 3, failures: 1 },
    ]);
  });

  it('takes the time of now where it is given none', () => {
    const monitor = new ConnectionMonitor();
    monitor.snapshot(counts);
    expect(Date.now() - Date.parse(monitor.snapshots()[0]!.at)).to.be.within(0, 2000);
  });

  it('keeps the last 120, in an order that a reader may keep', () => {
    const monitor = new ConnectionMonitor();
    for (let size = 0; size < 1000; size++) monitor.snapshot({ ...counts, size });
    const kept = monitor.snapshots();
    expect(kept.map(({ size }) => size)).to.deep.equal(Array.from({ length: 120 }, (_, i) => 880 + i));
    monitor.snapshot(counts);
    expect(kept[0]?.size).to.equal(880);
  });

  it('hands its number of samples and its clock to the acquisitions', () => {
    const clock = new FakeClock();
    const { acquisitions } = new ConnectionMonitor(1, clock);
    acquisitions.acquired(5000);
    acquisitions.acquired(3000);
    expect(acquisitions.times().max_ms).to.equal(3000);
    clock.advance(61_000);
    expect(acquisitions.recentlySlow).to.equal(0);
  });
});
