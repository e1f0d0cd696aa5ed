import { expect } from 'chai';
import { DeadlineList, Expiring } from '../../../lib/core/deadline-list.js';
import { FakeClock } from '../../../lib/testing/index.js';

class Entry extends Expiring {
  readonly fired: number[] = [];
  constructor(readonly onExpire: () => void = () => undefined) {
    super();
  }
  override expire(now: number): void {
    this.fired.push(now);
    this.onExpire();
  }
}

describe('DeadlineList', () => {
  let clock: FakeClock;
  let list: DeadlineList;

  beforeEach(() => {
    clock = new FakeClock();
    list = new DeadlineList(clock);
  });

  const add = (inMs: number, entry = new Entry()) => {
    list.add(entry, clock.now() + inMs);
    return entry;
  };

  it('expires each entry at its moment, once, whatever the order in which they were added', () => {
    const start = clock.now();
    const entries = [30, 10, 20].map((ms) => add(ms));
    clock.advance(9);
    expect(entries.map((entry) => entry.fired)).to.deep.equal([[], [], []]);
    clock.advance(100);
    expect(entries.map(({ fired }) => fired.map((at) => at - start))).to.deep.equal([[30], [10], [20]]);
  });

  it('does not expire what was removed', () => {
    const gone = add(10);
    const stays = add(10);
    list.remove(gone);
    list.remove(gone);
    clock.advance(10);
    expect(gone.fired).to.deep.equal([]);
    expect(stays.fired).to.have.length(1);
  });

  it('moves an entry that is added again', () => {
    const moved = add(10);
    add(50, moved);
    clock.advance(49);
    expect(moved.fired).to.deep.equal([]);
    clock.advance(1);
    expect(moved.fired).to.have.length(1);
  });

  it('lets an expiry remove, move or add others', () => {
    const removed = new Entry();
    const moved = new Entry();
    const added = new Entry();
    add(
      10,
      new Entry(() => {
        list.remove(removed);
        add(30, moved);
        add(5, added);
      }),
    );
    add(10, removed);
    add(10, moved);
    clock.advance(10);
    expect([removed, moved, added].map(({ fired }) => fired.length)).to.deep.equal([0, 0, 0]);
    clock.advance(5);
    expect(added.fired).to.have.length(1);
    clock.advance(25);
    expect([removed, moved].map(({ fired }) => fired.length)).to.deep.equal([0, 1]);
  });

  it('needs one timer for ten thousand statements that all end in time', () => {
    let armed = 0;
    const counting = new DeadlineList({
      now: () => clock.now(),
      setTimeout: (callback, ms) => {
        armed += 1;
        return clock.setTimeout(callback, ms);
      },
      clearTimeout: (timer) => clock.clearTimeout(timer),
    });
    for (let i = 0; i < 10_000; i += 1) {
      const entry = new Entry();
      counting.add(entry, clock.now() + 30_000);
      counting.remove(entry);
    }
    expect(armed).to.equal(1);
  });

  it('has no timer once its last deadline has passed', () => {
    add(10);
    clock.advance(10);
    expect(clock.pending).to.equal(0);
  });

  it('has no timer after close() but for what is still listed', () => {
    const [kept, removed] = [add(10), add(20)];
    list.close();
    expect(clock.pending).to.equal(1);
    list.remove(removed);
    clock.advance(10);
    expect(kept.fired).to.have.length(1);
    expect(clock.pending).to.equal(0);
    list.remove(add(10));
    expect(clock.pending).to.equal(0);
  });

  it('has no timer after close() where nothing is listed', () => {
    list.remove(add(10));
    expect(clock.pending).to.equal(1);
    list.close();
    expect(clock.pending).to.equal(0);
  });

  it('takes a moment further away than a timer can wait', () => {
    const far = add(2 ** 32);
    clock.advance(2 ** 31);
    expect(far.fired).to.deep.equal([]);
    clock.advance(2 ** 31);
    expect(far.fired).to.have.length(1);
  });
});
