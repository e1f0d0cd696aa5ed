import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import fc from 'fast-check';
import { ConnectionLostError } from '../../../lib/errors/errors.js';
import { probeDefaults, Prober } from '../../../lib/policy/prober.js';
import { FakeClock } from '../../../lib/testing/index.js';
import { HeldUpClock } from './held-up-clock.js';

type Verdict = 'next' | 'confirm' | 'stop';

describe('Prober', () => {
  let clock: HeldUpClock;
  let begun: number[];
  let signals: AbortSignal[];
  let told: { at: number; error: unknown }[];
  let probe: (signal: AbortSignal) => Promise<unknown>;
  let verdict: (error: unknown) => Verdict;

  const alive = async () => undefined;
  const hung = () => new Promise<never>(() => undefined);
  const taking = (ms: number) => () => new Promise<void>((resolve) => clock.setTimeout(resolve, ms));

  function proberWith(random: () => number = () => 0.5): Prober {
    clock = new HeldUpClock();
    begun = [];
    signals = [];
    told = [];
    probe = alive;
    verdict = () => 'next';
    return new Prober({
      times: probeDefaults,
      probe: (signal) => {
        begun.push(clock.now());
        signals.push(signal);
        return probe(signal);
      },
      onResult: (error) => {
        told.push({ at: clock.now(), error });
        return verdict(error);
      },
      clock,
      random,
    });
  }

  it('asks for the first time within 100 ms, and not all instances in one moment', async () => {
    const firsts = new Set<number>();
    for (const random of [0, 0.1, 0.5, 0.999]) {
      const prober = proberWith(() => random);
      prober.start();
      expect(begun, 'not at once').to.deep.equal([]);
      await clock.advanceAsync(100);
      expect(begun).to.have.length(1);
      firsts.add(begun[0]!);
    }
    expect(firsts).to.have.property('size', 4);
  });

  it('asks each 500 ms, less or more by up to 20 %, for a minute, and each 5 s afterwards', async () => {
    let seed = 1;
    const prober = proberWith(() => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647);
    prober.start();
    await clock.advanceAsync(240_000);
    const gaps = begun.slice(1).map((at, index) => ({ at: begun[index]!, ms: at - begun[index]! }));
    const [fast, slow] = [gaps.filter(({ at }) => at < 60_000), gaps.filter(({ at }) => at >= 60_000)];
    for (const { ms } of fast) expect(ms).to.be.within(400, 600);
    // The first of them by chance, since a whole fleet comes to this point in one moment.
    expect(slow.shift()?.ms).to.be.within(500, 5000);
    for (const { ms } of slow) expect(ms).to.be.within(4000, 6000);
    const mean = (of: { ms: number }[]) => of.reduce((sum, { ms }) => sum + ms, 0) / of.length;
    expect(mean(fast)).to.be.within(480, 520);
    expect(mean(slow)).to.be.within(4700, 5300);
    expect(Math.min(...fast.map(({ ms }) => ms))).to.be.below(430);
    expect(Math.max(...fast.map(({ ms }) => ms))).to.be.above(570);
  });

  it('counts the interval from beginning to beginning', async () => {
    const prober = proberWith();
    probe = () => taking(300)();
    prober.start();
    await clock.advanceAsync(1600);
    expect(begun).to.deep.equal([50, 550, 1050, 1550]);
  });

  it('pauses a little after a question that took longer than the interval', async () => {
    const prober = proberWith();
    probe = () => taking(900)();
    prober.start();
    await clock.advanceAsync(2000);
    expect(begun).to.deep.equal([50, 1000, 1950]);
  });

  it('asks sooner where an answer is to be confirmed', async () => {
    const prober = proberWith();
    verdict = () => (told.length === 1 ? 'confirm' : 'next');
    prober.start();
    await clock.advanceAsync(1000);
    const [first, second, third] = begun as [number, number, number];
    expect(second - first).to.be.within(200, 400);
    expect(third - second).to.equal(500);
  });

  it('ends where it is told to', async () => {
    const prober = proberWith();
    verdict = () => 'stop';
    prober.start();
    await clock.advanceAsync(60_000);
    expect(begun).to.deep.equal([50]);
    expect(prober.isRunning).to.equal(false);
    expect(clock.pending).to.equal(0);
  });

  it('takes a question without an answer within 2 s for a failure, aborts it, and goes on', async () => {
    const prober = proberWith();
    probe = hung;
    prober.start();
    await clock.advanceAsync(50 + 1999);
    expect(told).to.deep.equal([]);
    expect(signals[0]?.aborted).to.equal(false);
    await clock.advanceAsync(1);
    expect(told).to.have.length(1);
    expect(told[0]?.error).to.be.instanceOf(ConnectionLostError).and.include({ outcome: 'not-executed' });
    expect(signals[0]?.aborted).to.equal(true);
    probe = alive;
    await clock.advanceAsync(50);
    expect(told[1]).to.deep.equal({ at: 2100, error: undefined });
    expect(signals[1]?.aborted, 'the next has a signal of its own').to.equal(false);
  });

  it('takes no notice of an answer that comes after the time-out', async () => {
    for (const late of ['resolve', 'reject'] as const) {
      const prober = proberWith();
      let end: (() => void) | undefined;
      probe = () => new Promise<void>((resolve, reject) => (end = late === 'resolve' ? resolve : reject));
      prober.start();
      await clock.advanceAsync(2050);
      const first = end;
      await clock.advanceAsync(60);
      first?.();
      await clock.advanceAsync(0);
      expect(told, late).to.have.length(1);
      expect(begun, late).to.have.length(2);
    }
  });

  it('asks one question at a time, however often it is started', async () => {
    const prober = proberWith();
    let open = 0;
    let most = 0;
    probe = async () => {
      most = Math.max(most, ++open);
      await taking(700)();
      open -= 1;
    };
    for (let i = 0; i < 20; i++) {
      prober.start();
      await clock.advanceAsync(130);
    }
    expect(most).to.equal(1);
    expect(begun).to.deep.equal([50, 800, 1550, 2300]);
    expect(prober.count).to.equal(4);
  });

  it('begins its first minute anew where it is started again', async () => {
    const prober = proberWith();
    prober.start();
    await clock.advanceAsync(50_000);
    prober.start();
    await clock.advanceAsync(59_000);
    expect(begun.at(-1)! - begun.at(-2)!).to.equal(500);
    await clock.advanceAsync(60_000);
    expect(begun.at(-1)! - begun.at(-2)!).to.equal(5000);
  });

  it('is no sooner than its interval where it is stopped and started again and again', async () => {
    const prober = proberWith();
    prober.start();
    for (let i = 0; i < 40; i++) {
      await clock.advanceAsync(51);
      prober.stop();
      prober.start();
    }
    for (const [index, at] of begun.slice(1).entries()) expect(at - begun[index]!).to.be.at.least(400);
  });

  describe('stop', () => {
    it('before the first question leaves no timer and asks nothing', async () => {
      const prober = proberWith();
      prober.start();
      prober.stop();
      expect(clock.pending).to.equal(0);
      await clock.advanceAsync(10_000);
      expect(begun).to.deep.equal([]);
    });

    it('between two questions leaves no timer', async () => {
      const prober = proberWith();
      prober.start();
      await clock.advanceAsync(100);
      expect(clock.pending).to.equal(1);
      prober.stop();
      expect(clock.pending).to.equal(0);
      expect(prober.isRunning).to.equal(false);
    });

    it('aborts the open question, leaves no timer even where that one never ends, and tells nothing', async () => {
      const prober = proberWith();
      probe = hung;
      prober.start();
      await clock.advanceAsync(100);
      prober.stop();
      expect(signals[0]?.aborted).to.equal(true);
      expect(clock.pending).to.equal(0);
      await clock.advanceAsync(10_000);
      expect(told).to.deep.equal([]);
    });

    it('is followed by no answer of the question that was open, also where it is started again', async () => {
      const prober = proberWith();
      const ends: (() => void)[] = [];
      probe = () => new Promise<void>((resolve) => ends.push(resolve));
      prober.start();
      await clock.advanceAsync(100);
      prober.stop();
      prober.start();
      ends[0]?.();
      await clock.advanceAsync(500);
      expect(told).to.deep.equal([]);
      expect(begun).to.deep.equal([50, 550]);
      ends[0]?.();
      await clock.advanceAsync(1949);
      expect(told, 'the second has all its time').to.deep.equal([]);
      await clock.advanceAsync(1);
      expect(told).to.have.length(1);
    });

    it('within the telling of a result is heeded, whatever is returned', async () => {
      for (const result of ['next', 'confirm', 'stop'] as const) {
        const prober = proberWith();
        verdict = () => {
          prober.stop();
          return result;
        };
        prober.start();
        await clock.advanceAsync(10_000);
        expect(begun, result).to.have.length(1);
        expect(clock.pending, result).to.equal(0);
      }
    });

    it('and a start within the telling of a result go on with one line of questions', async () => {
      const prober = proberWith();
      verdict = () => {
        prober.stop();
        prober.start();
        return 'next';
      };
      prober.start();
      await clock.advanceAsync(1100);
      expect(begun).to.deep.equal([50, 550, 1050]);
      expect(clock.pending).to.equal(1);
    });
  });

  it('takes a probe that throws, or rejects with whatever, for a failure', async () => {
    const wrong = new Error('wrong');
    const ways: [() => Promise<unknown>, (error: unknown) => void][] = [
      [() => Promise.reject(wrong), (error) => expect(error).to.equal(wrong)],
      [
        () => {
          throw wrong;
        },
        (error) => expect(error).to.equal(wrong),
      ],
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      [() => Promise.reject(undefined), (error) => expect(error).to.be.instanceOf(Error)],
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      [() => Promise.reject(null), (error) => expect(error).to.be.instanceOf(Error)],
    ];
    for (const [way, check] of ways) {
      const prober = proberWith();
      probe = way;
      prober.start();
      await clock.advanceAsync(600);
      expect(told).to.have.length(2);
      check(told[0]?.error);
      prober.stop();
      expect(clock.pending).to.equal(0);
    }
  });

  describe('where the process was held up', () => {
    it('gives an answer that is there, and was not read, its chance', async () => {
      const prober = proberWith();
      let answer: (() => void) | undefined;
      probe = () => new Promise<void>((resolve) => (answer = resolve));
      prober.start();
      await clock.advanceAsync(100);
      clock.holdUp(5000);
      await clock.advanceAsync(1950);
      expect(told).to.deep.equal([]);
      answer?.();
      await clock.advanceAsync(0);
      expect(told.map(({ error }) => error)).to.deep.equal([undefined]);
    });

    it('waits for as long again as it was held up, and not for ever', async () => {
      const prober = proberWith();
      probe = hung;
      prober.start();
      await clock.advanceAsync(100);
      clock.holdUp(300);
      await clock.advanceAsync(1950 + 299);
      expect(told).to.deep.equal([]);
      await clock.advanceAsync(1);
      expect(told).to.have.length(1);
    });

    it('gives up after three times', async () => {
      const prober = proberWith();
      probe = hung;
      prober.start();
      await clock.advanceAsync(50);
      for (let i = 0; i < 4; i++) {
        expect(told, `held up ${String(i)} times`).to.deep.equal([]);
        clock.holdUp(60_000);
        await clock.advanceAsync(2000);
      }
      expect(told).to.have.length(1);
    });

    it('does not wait where a timer is but a little late', async () => {
      const prober = proberWith();
      probe = hung;
      prober.start();
      await clock.advanceAsync(100);
      clock.holdUp(50);
      await clock.advanceAsync(1950);
      expect(told).to.have.length(1);
    });

    it('asks once, not once for each question that was missed', async () => {
      const prober = proberWith();
      prober.start();
      await clock.advanceAsync(100);
      const before = begun.length;
      clock.holdUp(3_600_000);
      await clock.advanceAsync(450);
      expect(begun.length - before).to.equal(1);
      await clock.advanceAsync(2000);
      expect(begun.length - before, 'the first minute is over').to.equal(1);
    });
  });

  it('tells when the next question begins', async () => {
    const prober = proberWith();
    expect(prober.nextInMs).to.equal(0);
    probe = () => taking(100)();
    prober.start();
    expect(prober.nextInMs).to.equal(50);
    await clock.advanceAsync(50);
    expect(prober.nextInMs).to.equal(0);
    await clock.advanceAsync(150);
    expect(prober.nextInMs).to.equal(350);
  });

  it('asks in no context of a request, and its timers let the process exit', async () => {
    let held = 0;
    class Counting extends FakeClock {
      override setTimeout(callback: () => void, ms: number) {
        held += 1;
        const timer = super.setTimeout(callback, ms);
        return Object.assign(timer, { unref: () => (held -= 1) });
      }
    }
    const counting = new Counting();
    const requests = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    await requests.run('a request', async () => {
      const prober = new Prober({
        times: probeDefaults,
        probe: async () => seen.push(requests.getStore()),
        onResult: () => 'next',
        clock: counting,
      });
      prober.start();
      await counting.advanceAsync(1000);
      prober.stop();
    });
    expect(seen.length).to.be.at.least(2);
    expect(seen.every((store) => store === undefined)).to.equal(true);
    expect(held).to.equal(0);
  });

  it('keeps its distances and leaves no timer, whatever is done with it', async () => {
    const step = fc.oneof(
      fc.constantFrom('start', 'stop', 'alive', 'hung', 'dead'),
      fc.integer({ min: 1, max: 3000 }),
      fc.integer({ min: 1, max: 3000 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        async (steps, randoms) => {
          const prober = proberWith(() => randoms.next().value);
          for (const one of steps) {
            if (typeof one === 'number') await clock.advanceAsync(one);
            else if (one === 'start') prober.start();
            else if (one === 'stop') prober.stop();
            else probe = { alive, hung, dead: () => Promise.reject(new Error('dead')) }[one as 'alive'];
            expect(clock.pending).to.equal(prober.isRunning ? 1 : 0);
          }
          for (const [index, at] of begun.slice(1).entries()) expect(at - begun[index]!).to.be.at.least(399.99);
          prober.stop();
          expect(clock.pending).to.equal(0);
        },
      ),
      { numRuns: 50 },
    );
  });
});
