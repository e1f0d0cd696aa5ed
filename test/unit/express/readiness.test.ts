import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { silentLogger } from '../../../lib/core/logger.js';
import type { Logger } from '../../../lib/core/logger.js';
import { Readiness } from '../../../lib/compose/readiness.js';
import { ConnectionLostError, ShuttingDownError } from '../../../lib/errors/errors.js';
import { FakeClock } from '../../../lib/testing/index.js';

class FakePool extends EventEmitter {
  readonly name = 'primary';
  readonly options: { min: number };
  readonly circuit = Object.assign(new EventEmitter(), { refuses: false, state: 'closed' });
  ending = false;
  lastConnectError: Error | undefined;
  attempts = 0;
  answer: 'accept' | 'hang' | Error = 'accept';
  readonly #hung: ((answer: Error | undefined) => void)[] = [];

  constructor(min = 2) {
    super();
    this.options = { min };
  }

  async connect(): Promise<{ release(): void }> {
    this.attempts += 1;
    let { answer } = this;
    if (answer === 'hang')
      answer = (await new Promise<Error | undefined>((resolve) => this.#hung.push(resolve))) ?? 'accept';
    if (answer instanceof Error) {
      this.lastConnectError = answer;
      throw answer;
    }
    this.open();
    return { release: () => undefined };
  }

  open(): void {
    this.lastConnectError = undefined;
    this.emit('connect');
  }

  letGo(answer?: Error): void {
    for (const resolve of this.#hung.splice(0)) resolve(answer);
  }
}

const unreachable = () =>
  new ConnectionLostError('The database could not be reached', {
    outcome: 'not-executed',
    cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
  });
const wrongPassword = () =>
  Object.assign(new Error('password authentication failed'), { severity: 'FATAL', code: '28P01' });

describe('readiness', () => {
  let clock: FakeClock;
  let pool: FakePool;
  let lines: string[];
  let readiness: Readiness;

  function watch(min?: number): void {
    clock = new FakeClock();
    pool = new FakePool(min);
    lines = [];
    const log = (level: string) => (fields: object, message: string) =>
      lines.push(`${level}: ${message}${'advice' in fields ? ` [${String(fields.advice)}]` : ''}`);
    const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
    readiness = new Readiness(pool, logger, clock);
  }

  beforeEach(() => watch());

  async function attemptsWithin(ms: number): Promise<number> {
    const before = pool.attempts;
    await clock.advanceAsync(ms);
    return pool.attempts - before;
  }

  it('connects on the next turn, not within the call', async () => {
    readiness.start();
    expect(pool.attempts).to.equal(0);
    expect(readiness.unreadyReason).to.equal('starting');
    await clock.advanceAsync(1);
    expect(pool.attempts).to.equal(1);
    expect(readiness.isReady).to.equal(true);
    expect(readiness.unreadyReason).to.equal(undefined);
    expect(lines).to.deep.equal(['info: The database is reached: ready']);
  });

  it('has no timer while there is a connection', async () => {
    readiness.start();
    await clock.advanceAsync(1);
    expect(clock.pending).to.equal(0);
    expect(await attemptsWithin(3_600_000)).to.equal(0);
  });

  it('goes on trying, ever more seldom, and says so once', async () => {
    pool.answer = unreachable();
    readiness.start();
    const early = await attemptsWithin(3_000);
    const late = await attemptsWithin(60_000);
    expect(early).to.be.greaterThan(3);
    // Pauses of 0 to 5 s, 2.5 s in the mean: 24 attempts a minute.
    expect(late).to.be.within(10, 60);
    expect(readiness.isReady).to.equal(false);
    expect(readiness.unreadyReason).to.equal('database_unreachable');
    expect(lines).to.have.length(1);
    pool.answer = 'accept';
    await clock.advanceAsync(5_000);
    expect(readiness.isReady).to.equal(true);
    expect(lines).to.have.length(2);
  });

  it('knocks seldom where waiting does not help, and says loudly what does', async () => {
    pool.answer = wrongPassword();
    readiness.start();
    expect(await attemptsWithin(60_001)).to.be.within(7, 13);
    expect(readiness.unreadyReason).to.equal('misconfigured');
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/^error: .*\[.*password/i);
    pool.answer = 'accept';
    await clock.advanceAsync(10_000);
    expect(readiness.isReady).to.equal(true);
  });

  it('is ready by a connection that traffic has opened', async () => {
    pool.answer = unreachable();
    readiness.start();
    await clock.advanceAsync(1);
    pool.open();
    expect(readiness.isReady).to.equal(true);
    expect(clock.pending).to.equal(0);
  });

  describe('when the last connection goes', () => {
    beforeEach(async () => {
      readiness.start();
      await clock.advanceAsync(1);
      lines.length = 0;
    });

    it('is lost where no other can be opened, and back with the first one', async () => {
      pool.answer = unreachable();
      pool.emit('remove');
      await clock.advanceAsync(1);
      expect(readiness.isReady).to.equal(false);
      expect(readiness.unreadyReason).to.equal('database_unreachable');
      await clock.advanceAsync(60_000);
      expect(lines).to.have.length(1);
      expect(lines[0]).to.match(/^warn: The database is lost/);
      pool.answer = 'accept';
      await clock.advanceAsync(5_000);
      expect(readiness.isReady).to.equal(true);
      expect(lines).to.have.length(2);
      expect(lines[1]).to.match(/^info: The database is back/);
      expect(clock.pending).to.equal(0);
    });

    it('stays ready where another can be opened', async () => {
      pool.emit('remove');
      await clock.advanceAsync(1_000);
      expect(readiness.isReady).to.equal(true);
      expect(lines).to.deep.equal([]);
    });

    it('stays ready where traffic has opened another, although its own attempt fails', async () => {
      pool.answer = 'hang';
      pool.emit('remove');
      await clock.advanceAsync(1);
      pool.open();
      pool.letGo(unreachable());
      await clock.advanceAsync(10_000);
      expect(readiness.isReady).to.equal(true);
      expect(clock.pending).to.equal(0);
    });

    it('tries often at first, each time', async () => {
      for (let turn = 0; turn < 3; turn++) {
        pool.answer = unreachable();
        pool.emit('remove');
        expect(await attemptsWithin(3_000)).to.be.greaterThan(4);
        await clock.advanceAsync(60_000);
        pool.answer = 'accept';
        await clock.advanceAsync(5_000);
        expect(readiness.isReady).to.equal(true);
      }
    });

    it('is not ready any more once the pool is being ended', () => {
      pool.ending = true;
      expect(readiness.unreadyReason).to.equal('shutting_down');
    });

    it('believes a failed connection of the traffic while its own attempt hangs', async () => {
      pool.answer = 'hang';
      pool.emit('remove');
      await clock.advanceAsync(1_000);
      expect(readiness.isReady).to.equal(true);
      pool.lastConnectError = unreachable();
      await clock.advanceAsync(250);
      expect(readiness.isReady).to.equal(false);
      expect(pool.attempts).to.equal(2);
      pool.letGo();
      await clock.advanceAsync(1);
      expect(readiness.isReady).to.equal(true);
    });
  });

  it('works in no request, whoever has started it', async () => {
    const scope = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    pool.on('connect', () => seen.push(scope.getStore()));
    const real = new Readiness(pool, silentLogger);
    scope.run('a request', () => real.start());
    await real.ready();
    expect(seen).to.deep.equal([undefined]);
  });

  it('stays ready while one connection is left', async () => {
    readiness.start();
    await clock.advanceAsync(1);
    pool.open();
    pool.lastConnectError = unreachable();
    pool.answer = unreachable();
    pool.emit('remove');
    await clock.advanceAsync(10_000);
    expect(readiness.isReady).to.equal(true);
    expect(pool.attempts).to.equal(1);
  });

  it('takes a pool that keeps no minimum for idle, until opening a connection fails', async () => {
    watch(0);
    readiness.start();
    await clock.advanceAsync(1);
    pool.emit('remove');
    expect(await attemptsWithin(60_000)).to.equal(0);
    expect(readiness.isReady).to.equal(true);
    pool.answer = unreachable();
    pool.lastConnectError = pool.answer;
    await clock.advanceAsync(250);
    expect(readiness.isReady).to.equal(false);
  });

  describe('ready()', () => {
    it('resolves with the first connection, for all who wait, and later at once', async () => {
      pool.answer = unreachable();
      readiness.start();
      let told = 0;
      void readiness.ready().then(() => (told += 1));
      void readiness.ready().then(() => (told += 1));
      await clock.advanceAsync(20_000);
      expect(told).to.equal(0);
      pool.answer = 'accept';
      await clock.advanceAsync(5_000);
      expect(told).to.equal(2);
      await readiness.ready();
      expect(clock.pending).to.equal(0);
    });

    it('rejects when closed before, and after', async () => {
      pool.answer = 'hang';
      readiness.start();
      await clock.advanceAsync(1);
      const errors: unknown[] = [];
      const waiting = readiness.ready().catch((error: unknown) => errors.push(error));
      readiness.close();
      readiness.close();
      await waiting;
      await readiness.ready().catch((error: unknown) => errors.push(error));
      expect(errors).to.have.length(2);
      for (const error of errors) expect(error).to.be.instanceOf(ShuttingDownError);
      expect(readiness.unreadyReason).to.equal('shutting_down');
      pool.letGo();
      await clock.advanceAsync(60_000);
      expect(readiness.isReady).to.equal(false);
      expect(clock.pending).to.equal(0);
      expect(lines).to.deep.equal([]);
    });

    it('rejects when the pool was ended by itself', async () => {
      pool.answer = unreachable();
      readiness.start();
      await clock.advanceAsync(1);
      const waiting = readiness.ready().catch((error: unknown) => error);
      pool.ending = true;
      pool.answer = new ShuttingDownError('Cannot use a pool after calling end on the pool');
      expect(readiness.isReady).to.equal(false);
      await clock.advanceAsync(5_000);
      expect(await waiting).to.be.instanceOf(ShuttingDownError);
      expect(clock.pending).to.equal(0);
    });

    it('alone keeps the process alive', async () => {
      pool.answer = unreachable();
      readiness.start();
      await clock.advanceAsync(1);
      const before = clock.pending;
      const waiting = readiness.ready();
      expect(clock.pending).to.equal(before + 1);
      pool.open();
      await waiting;
      expect(clock.pending).to.equal(0);
    });
  });
});
