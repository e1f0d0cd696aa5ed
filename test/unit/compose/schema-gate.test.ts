import { expect } from 'chai';
import { SchemaGate } from '../../../lib/compose/schema-gate.js';
import type { Logger } from '../../../lib/core/logger.js';
import { ConnectionLostError } from '../../../lib/errors/errors.js';
import {
  MigrationFailedError,
  MigrationLockedError,
  MigrationRefusedError,
} from '../../../lib/errors/migration-errors.js';
import { FakeClock } from '../../../lib/testing/index.js';

const away = () => new ConnectionLostError('The database could not be reached', { outcome: 'not-executed' });
const failed = (cause?: unknown) =>
  new MigrationFailedError('INSERT failed: gone (23503)', { file: '002_b.sql' }, { outcome: 'rolled-back', cause });

describe('the gate of the schema', () => {
  let clock: FakeClock;
  let lines: { level: string; message: string; problem?: unknown }[];
  let gate: SchemaGate;
  /** What the next attempts end with; undefined: the schema is there. */
  let answers: (Error | 'hang' | undefined)[];
  let attempts: number;
  let looks: number;
  let isThere: boolean | Error;
  let aborted: number;

  const logger = () =>
    Object.fromEntries(
      (['debug', 'info', 'warn', 'error'] as const).map((level) => [
        level,
        (fields: object, message: string) => void lines.push({ ...fields, level, message }),
      ]),
    ) as unknown as Logger;

  function make(log: Logger = logger()): SchemaGate {
    const initialize = async (signal: AbortSignal): Promise<unknown> => {
      attempts += 1;
      const answer = answers.shift();
      if (answer === 'hang') {
        await new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted += 1;
            reject(new Error('interrupted'));
          });
        });
      }
      if (answer instanceof Error) throw answer;
      return undefined;
    };
    const look = () => {
      looks += 1;
      return isThere instanceof Error ? Promise.reject(isThere) : Promise.resolve(isThere);
    };
    return new SchemaGate({ initialize, isThere: look }, 'primary', log, clock);
  }

  beforeEach(() => {
    clock = new FakeClock();
    lines = [];
    answers = [];
    attempts = looks = aborted = 0;
    isThere = false;
    gate = make();
  });
  afterEach(async () => {
    await gate.close();
    expect(clock.pending).to.equal(0);
  });

  it('opens when the schema is there, and tells nobody to wait then', async () => {
    expect(gate.unreadyReason).to.equal('schema_pending');
    gate.start();
    expect(attempts).to.equal(0);
    const waiting = [gate.ready(), gate.ready()];
    await clock.advanceAsync(1);
    await Promise.all(waiting);
    expect(gate.unreadyReason).to.equal(undefined);
    await gate.ready();
    expect(attempts).to.equal(1);
  });

  it('tries again and again while the database is away, ever more rarely, and warns of it once', async () => {
    answers = Array.from({ length: 20 }, away);
    gate.start();
    await clock.advanceAsync(1_000);
    const early = attempts;
    expect(early).to.be.within(3, 15);
    await clock.advanceAsync(120_000);
    expect(attempts).to.equal(21);
    expect(gate.unreadyReason).to.equal(undefined);
    const levels = lines.map(({ level }) => level);
    expect(levels.slice(0, 5)).to.deep.equal(Array.from({ length: 5 }, () => 'debug'));
    expect(levels.filter((level) => level !== 'debug')).to.deep.equal(['warn']);
    expect(
      lines.every(({ problem }) => problem === undefined),
      'the serializer tells what it is',
    ).to.equal(true);
  });

  for (const [name, cause] of Object.entries({
    'a connection that was lost under it': away(),
    'a server that goes down': Object.assign(new Error('x'), { severity: 'FATAL', code: '57P01' }),
  })) {
    it(`tries a migration again that failed for ${name}`, async () => {
      answers = [failed(cause), undefined];
      gate.start();
      await clock.advanceAsync(6_000);
      expect(gate.unreadyReason).to.equal(undefined);
    });
  }

  it('runs no migration for a fourth time that broke off three times: it may be what brings the server down', async () => {
    answers = Array.from({ length: 10 }, () => failed(away()));
    gate.start();
    await clock.advanceAsync(20_000);
    expect([attempts, gate.unreadyReason]).to.deep.equal([3, 'schema_failed']);
    expect(lines.at(-1)?.level).to.equal('error');
  });

  it('tries again on a standby, which may become the primary', async () => {
    answers = [new MigrationRefusedError('read-only', 'a standby'), undefined];
    gate.start();
    await clock.advanceAsync(6_000);
    expect(gate.unreadyReason).to.equal(undefined);
  });

  it('tries again where another process held the lock for long, with a warning', async () => {
    answers = [new MigrationLockedError('locked', 60_000), undefined];
    gate.start();
    await clock.advanceAsync(6_000);
    expect(gate.unreadyReason).to.equal(undefined);
    expect(lines.map(({ level }) => level)).to.deep.equal(['warn']);
  });

  for (const [name, error] of Object.entries({
    'a migration that fails': failed(Object.assign(new Error('x'), { severity: 'ERROR', code: '23503' })),
    'files that do not fit': new MigrationRefusedError('edited', 'it was changed'),
    'a missing right': Object.assign(new Error('permission denied'), { severity: 'ERROR', code: '42501' }),
    'a fault of its own': new TypeError('x is not a function'),
  })) {
    it(`runs nothing again after ${name}, and opens when somebody has put it right`, async () => {
      answers = [error];
      gate.start();
      const waiting = gate.ready();
      await clock.advanceAsync(1);
      expect(gate.unreadyReason).to.equal('schema_failed');
      expect(lines.map(({ level }) => level)).to.deep.equal(['error']);
      const isOurs = error.constructor.name.startsWith('Migration');
      expect(lines[0]?.problem).to.equal(isOurs ? error.message : undefined);
      await clock.advanceAsync(9_000);
      expect(looks).to.equal(0);
      await clock.advanceAsync(1_500);
      isThere = away();
      await clock.advanceAsync(10_000);
      expect([looks, gate.unreadyReason]).to.deep.equal([2, 'schema_failed']);
      isThere = true;
      await clock.advanceAsync(10_000);
      await waiting;
      expect(gate.unreadyReason).to.equal(undefined);
      expect(attempts).to.equal(1);
      expect(lines.slice(1)).to.deep.equal([{ pool: 'primary', level: 'info', message: 'The schema is there now' }]);
    });
  }

  it('closed while a migration runs, ends it, waits for its end, and tells whoever waits', async () => {
    answers = ['hang'];
    gate.start();
    await clock.advanceAsync(1);
    const waiting = gate.ready().then(
      () => undefined,
      (error: unknown) => error,
    );
    await gate.close();
    expect(aborted).to.equal(1);
    expect(await waiting).to.have.property('code', 'DB_SHUTTING_DOWN');
    const after = await gate.ready().catch((error: unknown) => error);
    expect(after).to.have.property('code', 'DB_SHUTTING_DOWN');
    expect(lines).to.deep.equal([]);
    await gate.close();
    expect(aborted).to.equal(1);
  });

  for (const end of ['is undone', 'is done in spite of it'] as const) {
    it(`closed while a migration runs, has closed when that ${end}, and stays closed`, async () => {
      let finish: () => void = () => undefined;
      const initialize = () =>
        new Promise<void>((resolve, reject) => {
          finish = () => (end === 'is undone' ? reject(new Error('interrupted')) : resolve());
        });
      gate = new SchemaGate({ initialize, isThere: () => Promise.resolve(true) }, 'primary', logger(), clock);
      gate.start();
      await clock.advanceAsync(1);
      let isClosed = false;
      const closing = gate.close().then(() => (isClosed = true));
      await clock.advanceAsync(5_000);
      expect(isClosed).to.equal(false);
      finish();
      await closing;
      const after = await gate.ready().catch((error: unknown) => error);
      expect(after).to.have.property('code', 'DB_SHUTTING_DOWN');
      expect(lines).to.deep.equal([]);
    });
  }

  it('closed before its first turn, does nothing', async () => {
    gate.start();
    await gate.close();
    await clock.advanceAsync(60_000);
    expect(attempts).to.equal(0);
  });

  it('goes on where the log throws', async () => {
    const broken = () => {
      throw new Error('the disk is full');
    };
    gate = make({ debug: broken, info: broken, warn: broken, error: broken });
    answers = [away(), failed()];
    gate.start();
    await clock.advanceAsync(6_000);
    expect(gate.unreadyReason).to.equal('schema_failed');
    isThere = true;
    await clock.advanceAsync(10_000);
    expect(gate.unreadyReason).to.equal(undefined);
  });

  it('keeps a process alive only while somebody waits', async () => {
    answers = Array.from({ length: 50 }, away);
    gate.start();
    await clock.advanceAsync(1);
    const before = clock.pending;
    const waiting = gate.ready().catch(() => undefined);
    expect(clock.pending).to.equal(before + 1);
    await gate.close();
    await waiting;
    expect(clock.pending).to.equal(0);
  });
});
