import { expect } from 'chai';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import knex from 'knex';
import { Kysely, PostgresDialect, sql as kyselySql } from 'kysely';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { pinoHttp } from 'pino-http';
import { pinoErrorSerializer, ResilientPool } from '../../../lib/index.js';
import { failureOf } from '../compat/failure-of.js';
import { testDatabase, type TestDatabase } from '../compat/test-database.js';

const secret = 'hunter2secret';

type Line = Record<string, unknown> & { err: Record<string, unknown> };

describe('pinoErrorSerializer, of errors of a real server', () => {
  let database: TestDatabase;
  let pool: ResilientPool;
  let lines: string[];
  const stream = { write: (line: string) => void lines.push(line) };
  const logger = pino({ serializers: { err: pinoErrorSerializer } }, stream);

  before(async () => {
    database = await testDatabase();
    pool = new ResilientPool({ connectionString: database.connectionString, max: 2 });
    await pool.query(`
      create table owners (name text primary key);
      create table accounts (id int primary key, owner text references owners, code text check (code <> '${secret}'));
      insert into owners values ('${secret}');
      create function shout(given text) returns void language plpgsql as $$
        begin execute format('select %L::int', given); end $$;`);
  });
  beforeEach(() => {
    lines = [];
  });
  after(() => pool.end());

  /** The only line, in which no value is. */
  function theLine(): Line {
    expect(lines).to.have.length(1);
    const [line = ''] = lines;
    expect(line).not.to.include(secret);
    return JSON.parse(line) as Line;
  }

  /** What is logged of it; and that it would be worth hiding. */
  function logged(error: unknown): Line['err'] {
    lines = [];
    const plain: string[] = [];
    pino({}, { write: (line: string) => void plain.push(line) }).error({ err: error }, 'failed');
    expect(plain.join(), 'pino alone').to.include(secret);
    logger.error({ err: error }, 'failed');
    return theLine().err;
  }

  const failures: [code: string, text: string, values: unknown[], expected: object][] = [
    ['22P02', 'select $1::int', [secret], { kind: 'data' }],
    ['22P02', `select '${secret}'::int`, [], { kind: 'data', position: 8 }],
    ['22P02', 'select shout($1)', [secret], { kind: 'data' }],
    ['23505', 'insert into owners values ($1)', [secret], { table: 'owners', constraint: 'owners_pkey' }],
    ['23503', 'insert into accounts values (1, $1)', [`${secret}2`], { constraint: 'accounts_owner_fkey' }],
    ['23514', 'insert into accounts values (1, null, $1)', [secret], { kind: 'constraint', table: 'accounts' }],
    ['42601', `select 1 '${secret}'`, [], { kind: 'syntax', position: 10 }],
    ['P0001', `do $$ begin raise '${secret}' using detail = '${secret}', hint = '${secret}'; end $$`, [], {}],
  ];
  for (const [code, text, values, expected] of failures) {
    it(`${code}: ${text.slice(0, 30)} …`, async () => {
      const err = logged(await failureOf(pool.query(text, values)));
      expect(err).to.include({ code, severity: 'ERROR', ...expected });
      expect(err.routine).to.be.a('string');
      expect(err.stack).to.match(/^\s+at /);
    });
  }

  it('Drizzle', async () => {
    const error = await failureOf(drizzle({ client: pool }).execute(sql`select ${secret}::int`));
    const err = logged(error);
    expect(err).to.include({ type: 'DrizzleQueryError', message: 'A statement failed' });
    expect(err.cause).to.include({ code: '22P02', kind: 'data' });
  });

  it('Knex', async () => {
    const db = knex({ client: 'pg', connectionPool: pool });
    const error = await failureOf(db('owners').insert({ name: secret }));
    expect(logged(error)).to.include({ code: '23505', table: 'owners', constraint: 'owners_pkey' });
    expect(logged(await failureOf(db.raw(`select '${secret}'::int`)))).to.include({ code: '22P02' });
    await db.destroy();
  });

  it('Kysely', async () => {
    const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
    const error = await failureOf(kyselySql`insert into owners values (${secret})`.execute(db));
    expect(logged(error)).to.include({ code: '23505', constraint: 'owners_pkey' });
  });

  it("pino-http's own line of an error", async () => {
    const error = await failureOf(pool.query('insert into owners values ($1)', [secret]));
    const log = pinoHttp({ serializers: { err: pinoErrorSerializer } }, stream);
    const server = createServer((req, res) => {
      log(req, res);
      (res as typeof res & { err: unknown }).err = error;
      res.statusCode = 500;
      res.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise<void>((resolve, reject) => {
      get({ host: '127.0.0.1', port, agent: false }, (res) => res.resume().on('end', resolve)).on('error', reject);
    });
    await new Promise((resolve) => server.close(resolve));
    expect(theLine().err).to.include({ code: '23505', kind: 'constraint', table: 'owners' });
  });
});
