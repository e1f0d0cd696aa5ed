import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { silentLogger } from '../../../lib/core/logger.js';
import type { Logger } from '../../../lib/core/logger.js';
import type { Lease } from '../../../lib/monitor/hooks.js';
import { Leaks } from '../../../lib/monitor/leaks.js';
import { FakeClock } from '../../../lib/testing/index.js';

interface Line {
  readonly level: 'warn' | 'info';
  readonly at: number;
  readonly fields: object;
  readonly message: string;
}

describe('Leaks', () => {
  let clock: FakeClock;
  let lines: Line[];
  let told: number;

  const stack = 'Error\n    at list (file:///app/users.js:3:4)\n    at node:internal/timers:1:2';

  function leaksWith(thresholdMs: number | false = 10_000, logger: Partial<Logger> = {}): Leaks {
    clock = new FakeClock(1000);
    lines = [];
    told = 0;
    const add = (level: 'warn' | 'info') => (fields: object, message: string) => {
      lines.push({ level, at: clock.now(), fields, message });
    };
    return new Leaks({
      thresholdMs,
      name: 'primary',
      logger: { ...silentLogger, warn: add('warn'), info: add('info'), ...logger },
      clock,
      onLeak: () => (told += 1),
    });
  }

  const lease = (requestId: string | undefined = 'r-1', borrower: Lease['borrower'] = { stack }): Lease => ({
    since: clock.now(),
    borrower,
    requestId,
    isLongLived: false,
  });

  it('says nothing of one that is kept for long on purpose, be that known only later', () => {
    const leaks = leaksWith();
    const listening = { ...lease(), isLongLived: false };
    leaks.lent(listening);
    listening.isLongLived = true;
    clock.advance(60_000);
    expect(leaks.suspected()).to.deep.equal([]);
    leaks.returned(listening, 60_000);
    expect(leaks.total).to.equal(0);
  });

  it('tells within a second who holds a connection for longer than the threshold, once', () => {
    const leaks = leaksWith();
    leaks.lent(lease());
    clock.advance(10_000);
    expect(lines).to.deep.equal([]);
    clock.advance(1000);
    expect(lines).to.deep.equal([
      {
        level: 'warn',
        at: 11_500,
        fields: {
          pool: 'primary',
          held_ms: 10_500,
          borrowed_at: '/app/users.js:3:4',
          request_id: 'r-1',
          stack: ['at list (file:///app/users.js:3:4)'],
        },
        message: 'A connection has been held for 10500 ms; was it released?',
      },
    ]);
    clock.advance(600_000);
    expect(lines).to.have.length(1);
    expect(leaks.total).to.equal(1);
    expect(told).to.equal(1);
  });

  it('is within a second also of a lease that begins between two looks', () => {
    const leaks = leaksWith();
    for (let i = 0; i < 20; i++) {
      leaks.lent(lease());
      clock.advance(77);
    }
    const begun = Array.from({ length: 20 }, (_, i) => 1000 + 77 * i);
    clock.advance(20_000);
    expect(lines).to.have.length(20);
    for (const [i, { at }] of lines.entries()) expect(at - begun[i]! - 10_000).to.be.within(1, 1000);
  });

  it('looks more often where the threshold is short', () => {
    const leaks = leaksWith(100);
    leaks.lent(lease());
    clock.advance(150);
    expect(lines).to.have.length(1);
  });

  it('tells when it does come back, once', () => {
    const leaks = leaksWith();
    const held = lease();
    leaks.lent(held);
    clock.advance(60_000);
    leaks.returned(held, 60_000.4);
    leaks.returned(held, 60_000.4);
    expect(lines.slice(1)).to.deep.equal([
      {
        level: 'info',
        at: 61_000,
        fields: { pool: 'primary', held_ms: 60_000, borrowed_at: '/app/users.js:3:4', request_id: 'r-1' },
        message: 'A connection that was held for long has come back',
      },
    ]);
    expect(leaks.suspected()).to.deep.equal([]);
    expect(leaks.total).to.equal(1);
  });

  it('say nothing of what came back before, though it is returned twice, or was never lent', () => {
    const leaks = leaksWith();
    const held = lease();
    leaks.lent(held);
    clock.advance(9999);
    leaks.returned(held, 9999);
    leaks.returned(held, 9999);
    leaks.returned(lease(), 50_000);
    clock.advance(60_000);
    expect(lines).to.deep.equal([]);
    expect(leaks.total).to.equal(0);
  });

  it('tell nothing that is not known: neither call site nor request', () => {
    const leaks = leaksWith();
    leaks.lent({ ...lease(), borrower: {}, requestId: undefined, isLongLived: false });
    clock.advance(11_000);
    expect(lines[0]?.fields).to.include({ borrowed_at: null, request_id: null }).and.deep.include({ stack: [] });
  });

  it('list what is suspected now, the longest held first, whether it was reported yet or not', () => {
    const leaks = leaksWith();
    const first = lease('first');
    leaks.lent(first);
    clock.advance(30);
    const second = lease('second');
    leaks.lent(second);
    clock.advance(9971);
    expect(lines).to.deep.equal([]);
    expect(leaks.suspected().map(({ request_id }) => request_id)).to.deep.equal(['first']);
    clock.advance(2000);
    leaks.lent(lease('third'));
    const [one, ...others] = leaks.suspected();
    expect(others.map(({ request_id }) => request_id)).to.deep.equal(['second']);
    expect(one).to.deep.include({
      held_ms: 12_001,
      borrowed_at: '/app/users.js:3:4',
      stack: ['at list (file:///app/users.js:3:4)'],
      request_id: 'first',
    });
    expect(Date.now() - 12_001 - Date.parse(one!.since)).to.be.within(-1, 2000);
    leaks.returned(first, 12_001);
    expect(leaks.suspected()).to.have.length(1);
  });

  it('put the stacks into words only of what is suspected', () => {
    const leaks = leaksWith();
    let read = 0;
    const borrower = {
      get stack() {
        read += 1;
        return stack;
      },
    };
    const [soon, late] = [lease('soon', borrower), lease('late', borrower)];
    leaks.lent(soon);
    leaks.lent(late);
    clock.advance(5000);
    leaks.suspected();
    leaks.returned(soon, 5000);
    expect(read).to.equal(0);
    clock.advance(6000);
    expect(read).to.be.above(0);
  });

  it('are counted without being put into words', () => {
    const leaks = leaksWith();
    let reads = 0;
    const borrower = {
      get stack(): string {
        reads += 1;
        return stack;
      },
    };
    leaks.lent(lease('r-1', borrower));
    leaks.lent({ ...lease('r-2', borrower), isLongLived: true });
    expect(leaks.suspects).to.equal(0);
    clock.advance(10_400);
    expect([leaks.suspects, reads]).to.deep.equal([1, 0]);
    expect(leaksWith(false).suspects).to.equal(0);
  });

  it('have one timer for all leases, and none where nothing is left to look at', () => {
    const leaks = leaksWith();
    expect(clock.pending).to.equal(0);
    const leases = Array.from({ length: 10_000 }, () => lease());
    for (const one of leases) leaks.lent(one);
    expect(clock.pending).to.equal(1);
    for (const one of leases.slice(100)) leaks.returned(one, 1);
    clock.advance(10_500);
    expect(lines).to.have.length(100);
    expect(clock.pending, 'those that were reported need no more looks').to.equal(0);
    for (const one of leases) leaks.returned(one, 12_000);
    expect(lines).to.have.length(200);
    expect(leaks.suspected()).to.deep.equal([]);
  });

  it('make a timer twice a second at the most, however many leases come and go', () => {
    let made = 0;
    class Counting extends FakeClock {
      override setTimeout(callback: () => void, ms: number) {
        made += 1;
        return super.setTimeout(callback, ms);
      }
    }
    const counting = new Counting();
    const leaks = new Leaks({ thresholdMs: 10_000, name: 'primary', logger: silentLogger, clock: counting });
    for (let i = 0; i < 5000; i++) {
      const one = { since: counting.now(), borrower: {}, requestId: undefined, isLongLived: false };
      leaks.lent(one);
      leaks.returned(one, 0);
      counting.advance(1);
    }
    expect(made).to.be.within(1, 10);
    counting.advance(500);
    expect(counting.pending).to.equal(0);
  });

  it('look again where something is lent after a while without anything', () => {
    const leaks = leaksWith();
    const first = lease();
    leaks.lent(first);
    leaks.returned(first, 0);
    clock.advance(60_000);
    expect(clock.pending).to.equal(0);
    leaks.lent(lease());
    clock.advance(11_000);
    expect(lines).to.have.length(1);
  });

  it('are harmed by no logger and no listener that throws', () => {
    const wrong = () => {
      throw new Error('wrong');
    };
    const leaks = leaksWith(10_000, { warn: wrong, info: wrong });
    const leases = [lease(), lease(), lease()];
    for (const one of leases) leaks.lent(one);
    clock.advance(11_000);
    expect(leaks.total).to.equal(3);
    expect(told).to.equal(3);
    for (const one of leases) leaks.returned(one, 11_000);
    expect(leaks.suspected()).to.deep.equal([]);

    const listening = new Leaks({ thresholdMs: 10_000, name: 'primary', logger: silentLogger, clock, onLeak: wrong });
    listening.lent(lease());
    listening.lent(lease());
    clock.advance(11_000);
    expect(listening.total).to.equal(2);
  });

  it('bear a logger that lends a connection, or closes the pool', () => {
    const lending = leaksWith(10_000, { warn: () => lending.lent(lease()) });
    lending.lent(lease());
    clock.advance(11_000);
    expect(lending.total).to.equal(1);
    expect(clock.pending).to.equal(1);

    const closing = leaksWith(10_000, { warn: () => closing.close() });
    closing.lent(lease());
    closing.lent(lease());
    clock.advance(11_000);
    expect(closing.total).to.equal(1);
    expect(clock.pending).to.equal(0);
  });

  it('leave nothing behind and say nothing once they are closed', () => {
    const leaks = leaksWith();
    const [reported, held] = [lease(), lease()];
    leaks.lent(reported);
    clock.advance(11_000);
    leaks.lent(held);
    leaks.close();
    expect(clock.pending).to.equal(0);
    leaks.returned(reported, 11_000);
    leaks.returned(held, 1);
    leaks.lent(lease());
    expect(clock.pending).to.equal(0);
    clock.advance(60_000);
    expect(lines).to.have.length(1);
    expect(leaks.suspected()).to.deep.equal([]);
    expect(leaks.total, 'what was told before still counts').to.equal(1);
  });

  it('are off with a threshold of false', () => {
    const leaks = leaksWith(false);
    const held = lease();
    leaks.lent(held);
    expect(clock.pending).to.equal(0);
    clock.advance(3_600_000);
    leaks.returned(held, 3_600_000);
    expect(lines).to.deep.equal([]);
    expect(leaks.suspected()).to.deep.equal([]);
  });

  it('look in no context of a request, and let the process exit', () => {
    let held = 0;
    class Counting extends FakeClock {
      override setTimeout(callback: () => void, ms: number) {
        held += 1;
        const within = AsyncLocalStorage.snapshot();
        const timer = super.setTimeout(() => within(callback), ms);
        return Object.assign(timer, { unref: () => (held -= 1) });
      }
    }
    const counting = new Counting();
    const requests = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const logger = { ...silentLogger, warn: () => seen.push(requests.getStore()) };
    const leaks = new Leaks({ thresholdMs: 10_000, name: 'primary', logger, clock: counting });
    requests.run('a request', () => leaks.lent({ since: 0, borrower: {}, requestId: undefined, isLongLived: false }));
    counting.advance(11_000);
    expect(seen).to.deep.equal([undefined]);
    expect(held).to.equal(0);
  });
});
