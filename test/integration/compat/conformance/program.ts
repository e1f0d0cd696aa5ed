import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { backendOf } from '../backend-of.js';
import { mainSubjects, type SharedOptions, type Subject } from './subjects.js';

// A process of its own, because what it shows is how a process ends.
const [scenario = '', subjectIndex = '', connectionString = ''] = process.argv.slice(2);

const subject = subjectAt(Number(subjectIndex));

const scenarios: Record<string, () => Promise<void>> = {
  async allowExitOnIdle() {
    await create({ allowExitOnIdle: true }).query('select 1');
    say('done');
  },

  async 'min: 0'() {
    await create({ min: 0, idleTimeoutMillis: 300 }).query('select 1');
    say('done');
  },

  async 'default min'() {
    await create({ idleTimeoutMillis: 300 }).query('select 1');
    say('done');
  },

  async 'idle death'() {
    const pool = create({ min: 0 });
    const client = await pool.connect();
    client.release();
    await terminate(backendOf(client));
    await sleep(300);
    say('alive');
    await pool.end();
  },

  async 'lent death'() {
    const pool = create({ min: 0 });
    const client = await pool.connect();
    await terminate(backendOf(client));
    await sleep(300);
    say('alive');
    client.release();
    await pool.end();
  },

  async 'callback that throws'() {
    const caught = catchUncaught();
    const pool = create({ min: 0, max: 1 });
    for (const text of ['select 1', 'select 1 / 0']) {
      pool.query(text, () => {
        throw new Error('the callback broke');
      });
    }
    say(await answerOf(pool.query('select 1 as n')));
    say(`, ${String(caught.length)} caught`);
    await pool.end();
  },

  async 'connect callbacks that throw'() {
    const caught = catchUncaught();
    const pool = create({ min: 0, max: 1, connectionTimeoutMillis: 200 });
    const client = await pool.connect();
    for (let n = 0; n < 3; n++) {
      pool.connect(() => {
        throw new Error('the callback broke');
      });
    }
    await pool.query('select 1').catch((error: unknown) => say(error instanceof Error ? 'told' : ''));
    say(`, ${String(caught.length)} caught`);
    client.release();
    await pool.end();
  },

  async 'callback that throws on a client'() {
    const caught = catchUncaught();
    const pool = create({ min: 0, max: 1 });
    const client = await pool.connect();
    client.query('select 1 / 0', () => {
      throw new Error('the callback broke');
    });
    await sleep(200);
    say(await answerOf(client.query('select 1 as n')));
    say(`, ${String(caught.length)} caught`);
    process.exit();
  },

  async 'listener that throws'() {
    const caught = catchUncaught();
    const pool = create({ min: 0, max: 1 });
    const client = await pool.connect();
    client.on('notification', () => {
      throw new Error('the listener broke');
    });
    await client.query('listen news');
    client.query('notify news', () => undefined);
    await sleep(200);
    say(await answerOf(client.query('select 1 as n')));
    say(`, ${String(caught.length)} caught`);
    process.exit();
  },

  async 'listener of a Query that throws'() {
    const caught = catchUncaught();
    const pool = create({ min: 0, max: 1 });
    const client = await pool.connect();
    client.query(new subject.pg.Query('select generate_series(1, 3)')).on('row', () => {
      throw new Error('the listener broke');
    });
    await sleep(200);
    say(await answerOf(client.query('select 1 as n')));
    say(`, ${String(caught.length)} caught`);
    process.exit();
  },

  async 'Query whose error nobody listens to'() {
    const caught = catchUncaught();
    const pool = create({ min: 0, max: 1 });
    const client = await pool.connect();
    client.query(new subject.pg.Query('select 1 / 0'));
    await sleep(200);
    say(await answerOf(client.query('select 1 as n')));
    say(`, ${String(caught.length)} caught`);
    process.exit();
  },

  async 'statements at once'() {
    const pool = create({ min: 0 });
    const client = await pool.connect();
    await Promise.all([client.query('select 1'), client.query('select 2'), client.query('select 3')]);
    client.release();
    await pool.end();
    say('done');
  },
};

function subjectAt(index: number): Subject {
  const found = mainSubjects[index];
  if (found === undefined) throw new Error(`There is no subject ${String(index)}`);
  return found;
}

function create(options: SharedOptions): pg.Pool {
  return subject.create({ connectionString, ...options });
}

function catchUncaught(): Error[] {
  const caught: Error[] = [];
  process.on('uncaughtException', (error) => caught.push(error));
  return caught;
}

function answerOf(query: Promise<pg.QueryResult>): Promise<string> {
  return Promise.race([
    query.then(
      ({ rows }) => JSON.stringify(rows),
      (error: unknown) => (error as Error).message,
    ),
    sleep(1000, 'no answer'),
  ]);
}

async function terminate(backend: number): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query('select pg_terminate_backend($1)', [backend]);
  await client.end();
}

function say(text: string): void {
  process.stdout.write(text);
}

await scenarios[scenario]?.();
