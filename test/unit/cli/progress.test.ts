import { expect } from 'chai';
import { Progress } from '../../../lib/cli/migrate/progress.js';
import type { MigrationEvent } from '../../../lib/migrate/reports.js';
import { Sink } from './fake-terminal.js';

const erase = '\r\u001b[2K';
const migration = { version: 1, label: '001', name: 'create_users', direction: 'up' } as const;
const begun: MigrationEvent = { kind: 'begun', ...migration, statements: 7 };
const third: MigrationEvent = { kind: 'statement', version: 1, index: 3, of: 7, line: 12, tag: 'ALTER TABLE' };
const done: MigrationEvent = { kind: 'done', ...migration, duration_ms: 431 };
const waiting: MigrationEvent = { kind: 'waiting', waited_ms: 10, holder_pid: 123 };

describe('Progress', () => {
  let now: number;
  let sink: Sink;
  let progress: Progress;

  function on(isTTY: boolean, columns = 80): void {
    now = 0;
    sink = new Sink(isTTY, columns);
    progress = new Progress(sink, () => now);
  }

  afterEach(() => progress.end());

  it('writes plain lines where nobody looks', () => {
    on(false);
    for (const event of [{ kind: 'locked' }, begun, third, done, { kind: 'unlocked' }] as MigrationEvent[]) {
      progress.take(event);
    }
    progress.end();
    expect(sink.text).to.equal(
      'up 001_create_users: 7 statements\n' +
        'up 001_create_users: statement 3 of 7, line 12, ALTER TABLE\n' +
        'up 001_create_users: done in 431 ms\n',
    );
  });

  it('writes one line anew on a terminal, with how long it has taken, and takes it away at the end', () => {
    on(true);
    progress.take(begun);
    progress.take(third);
    now = 12_400;
    progress.note('Cancelling');
    progress.end();
    const line = 'up 001_create_users: statement 3 of 7, line 12, ALTER TABLE';
    expect(sink.text).to.equal(
      `${erase}up 001_create_users: 7 statements${erase}${line}${erase}Cancelling\n${erase}${line}, 12 s${erase}`,
    );
  });

  it('leaves the line alone while it says the same', () => {
    on(true);
    progress.take(third);
    const { text } = sink;
    progress.take(third);
    expect(sink.text).to.equal(text);
  });

  it('never fills a line of a terminal to its end', () => {
    on(true, 40);
    progress.take(third);
    now = 61_000;
    progress.note('x');
    for (const line of sink.text.replaceAll(erase, '\n').split('\n')) expect(line.length).to.be.at.most(39);
    expect(sink.text).to.include('…, 1 min 1 s');
  });

  it('says every ten seconds that it waits, and for whom', () => {
    on(false);
    for (now = 0; now < 21_000; now += 500) progress.take(waiting);
    const line = 'waiting for another process (server process 123) that migrates this database\n';
    expect(sink.text).to.equal(line.repeat(3));
    progress.take({ ...waiting, holder_pid: null });
    on(false);
    progress.take({ ...waiting, holder_pid: null });
    expect(sink.text).to.equal('waiting for another process that migrates this database\n');
  });

  it('counts on while it waits on a terminal', () => {
    on(true, 120);
    progress.take(waiting);
    now = 5000;
    progress.take(waiting);
    progress.note('x');
    expect(sink.text).to.include('migrates this database, 5.0 s');
  });

  it('tells of a table that could not be had', () => {
    on(false);
    progress.take(begun);
    progress.take({ kind: 'table-locked', version: 1, line: 9, tag: 'ALTER TABLE', attempt: 1, pause_ms: 350 });
    expect(sink.text).to.include(
      'up 001_create_users: no lock on a table (line 9, ALTER TABLE); undone, attempt 2 in 350 ms\n',
    );
  });

  it('names a migration by its version where nobody told its beginning', () => {
    on(false);
    progress.take(begun);
    progress.take({ ...third, version: 2 });
    expect(sink.text).to.include('\nversion 2: statement 3 of 7, line 12, ALTER TABLE\n');
  });

  it('knows what was done to its end', () => {
    on(false);
    progress.take(begun);
    expect(progress.done).to.deep.equal([]);
    progress.take(done);
    expect(progress.done).to.deep.equal(['up 001_create_users']);
  });

  it('says how long a statement takes though no event comes', async () => {
    on(true);
    progress.take(third);
    const length = sink.text.length;
    now = 5000;
    for (let tries = 0; tries < 400 && sink.text.length === length; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(sink.text.length).to.be.greaterThan(length);
  });
});
