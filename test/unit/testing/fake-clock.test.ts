import { expect } from 'chai';
import { FakeClock } from '../../../lib/testing/index.js';

describe('FakeClock', () => {
  it('stands still until it is advanced', () => {
    const clock = new FakeClock(1000);
    clock.advance(0);
    expect(clock.now()).to.equal(1000);
    clock.advance(250.5);
    expect(clock.now()).to.equal(1250.5);
  });

  it('fires what is due, in order of time and then of setting, each at its own moment', () => {
    const clock = new FakeClock();
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name}@${String(clock.now())}`);
    clock.setTimeout(note('late'), 30);
    clock.setTimeout(note('first'), 10);
    clock.setTimeout(note('second'), 10);
    clock.setTimeout(note('never'), 31);
    clock.advance(30);
    expect(fired).to.deep.equal(['first@10', 'second@10', 'late@30']);
    expect(clock.pending).to.equal(1);
  });

  it('fires timers that are set by timers, when they come due within the same advance', () => {
    const clock = new FakeClock();
    const fired: number[] = [];
    const tick = (): void => {
      fired.push(clock.now());
      clock.setTimeout(tick, 10);
    };
    clock.setTimeout(tick, 10);
    clock.advance(35);
    expect(fired).to.deep.equal([10, 20, 30]);
    expect(clock.now()).to.equal(35);
  });

  it('treats a delay of nothing as 1 ms, so that a timer that sets itself again cannot stop time', () => {
    const clock = new FakeClock();
    let fired = 0;
    const again = (): void => {
      fired++;
      clock.setTimeout(again, 0);
    };
    clock.setTimeout(again, Number.NaN);
    clock.advance(5);
    expect(fired).to.equal(5);
  });

  it('does not fire a timer that was cleared, by another timer of the same moment even', () => {
    const clock = new FakeClock();
    let fired = false;
    const first = clock.setTimeout(() => {
      clock.clearTimeout(second);
    }, 5);
    const second = clock.setTimeout(() => (fired = true), 5);
    clock.advance(10);
    clock.clearTimeout(first);
    expect(fired).to.equal(false);
    expect(clock.pending).to.equal(0);
  });

  it('refuses to go back', () => {
    const clock = new FakeClock();
    expect(() => {
      clock.advance(-1);
    }).to.throw(RangeError, 'not by -1');
    expect(() => {
      clock.advance(Number.NaN);
    }).to.throw(RangeError);
  });

  it('passes on what a callback throws, and can go on from there', () => {
    const clock = new FakeClock();
    let later = false;
    clock.setTimeout(() => {
      throw new Error('boom');
    }, 10);
    clock.setTimeout(() => (later = true), 20);
    expect(() => {
      clock.advance(20);
    }).to.throw('boom');
    expect(clock.now()).to.equal(10);
    clock.advance(10);
    expect(later).to.equal(true);
  });

  it('lets awaiting code run between timers with advanceAsync, and not with advance', async () => {
    const clock = new FakeClock();
    const seen: number[] = [];
    const loop = async (): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 10));
        await Promise.resolve();
        seen.push(clock.now());
      }
    };
    const done = loop();
    clock.advance(10);
    expect(seen).to.deep.equal([]);
    await clock.advanceAsync(20);
    expect(seen).to.deep.equal([10, 20, 30]);
    await done;
  });

  it('fires with advanceAsync what pending promises set first', async () => {
    const clock = new FakeClock();
    let fired = false;
    void Promise.resolve().then(() => clock.setTimeout(() => (fired = true), 5));
    await clock.advanceAsync(5);
    expect(fired).to.equal(true);
  });

  it('has timers that can be unreferenced', () => {
    const clock = new FakeClock();
    const timer = clock.setTimeout(() => undefined, 5);
    expect(timer.unref?.()).to.equal(timer);
  });
});
