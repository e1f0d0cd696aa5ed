import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { inspect } from 'node:util';
import { expect } from 'chai';
import pg from 'pg';
import { ConfigurationError, ResilientPool } from '../../../../lib/index.js';
import { failureOf } from '../failure-of.js';
import { testDatabase, type TestDatabase } from '../test-database.js';
import { expectSettled } from './expect-settled.js';
import { subjects, type SharedOptions } from './subjects.js';

/** With the methods that pg-pool calls, as the client of pg-native has them. */
class ForeignClient extends EventEmitter {
  connect() {}
  query() {}
  end() {}
}

for (const subject of subjects) {
  const ours = subject.resilient;

  describe(`options: ${subject.name}`, () => {
    let database: TestDatabase;
    const pools: pg.Pool[] = [];

    before(async () => {
      database = await testDatabase();
    });

    afterEach(async () => {
      await Promise.all(pools.splice(0).map((pool) => pool.end()));
    });

    function create(options: SharedOptions = { connectionString: database.connectionString }) {
      const pool = subject.create(options);
      pools.push(pool);
      return pool;
    }

    async function setting(pool: pg.Pool, name: string): Promise<unknown> {
      const { rows } = await pool.query<{ value: string }>('select current_setting($1) as value', [name]);
      return rows[0]?.value;
    }

    it('makes a pg.Pool and an EventEmitter', () => {
      const pool = create();
      expect(pool).to.be.instanceOf(EventEmitter);
      expect(pool instanceof pg.Pool).to.equal(ours || subject.newest);
      if (ours) expect(pool.constructor.name).to.equal('ResilientPool');
    });

    it('shows its options, with the defaults', () => {
      const { options } = create({ host: 'localhost', database: 'shop', port: 5433 });
      expect(options).to.include({ host: 'localhost', database: 'shop', port: 5433 });
      expect(options).to.include({ allowExitOnIdle: false, maxUses: Infinity, idleTimeoutMillis: 10_000 });
      expect({
        max: options.max,
        min: options.min,
        maxLifetimeSeconds: options.maxLifetimeSeconds,
        connectionTimeoutMillis: options.connectionTimeoutMillis,
        keepAlive: options.keepAlive,
      }).to.deep.equal(
        ours
          ? { max: 20, min: 2, maxLifetimeSeconds: 1800, connectionTimeoutMillis: 30_000, keepAlive: true }
          : { max: 10, min: 0, maxLifetimeSeconds: 0, connectionTimeoutMillis: undefined, keepAlive: undefined },
      );
    });

    it('shows the options that it was given', () => {
      const given = {
        max: 3,
        min: 1,
        maxUses: 7,
        maxLifetimeSeconds: 60,
        idleTimeoutMillis: 500,
        connectionTimeoutMillis: 700,
        allowExitOnIdle: true,
        keepAlive: false,
      };
      expect(create(given).options).to.include(given);
    });

    it('does not show the password', () => {
      const pool = create({ host: 'localhost', password: 'hush' });
      expect(pool.options.password).to.equal('hush');
      expect(inspect(pool, { depth: 5 })).not.to.include('hush');
      expect(JSON.stringify(pool.options)).not.to.include('hush');
    });

    it(`shows ${ours ? 'the parts of a connection string, without the password' : 'a connection string as it is'}`, () => {
      const { options } = create();
      const { password } = new URL(database.connectionString);
      expect(options.connectionString).to.equal(ours ? undefined : database.connectionString);
      expect(options.database).to.equal(ours ? database.name : undefined);
      expect(JSON.stringify(options).includes(password)).to.equal(!ours);
    });

    it(`${ours ? "leaves the caller's ssl object as it is" : "hides the key in the caller's ssl object"}`, () => {
      const ssl = { key: 'PRIVATE' };
      const options = { host: 'localhost', ssl };
      const pool = create(options);
      expect(Object.keys(ssl)).to.deep.equal(ours ? ['key'] : []);
      expect(inspect(pool.options, { depth: 5 })).not.to.include('PRIVATE');
      expect(options).to.deep.equal({ host: 'localhost', ssl });
    });

    it('reads the PG* variables', async () => {
      const { hostname, port, username, password } = new URL(database.connectionString);
      const variables = {
        PGHOST: hostname,
        PGPORT: port,
        PGUSER: username,
        PGPASSWORD: password,
        PGDATABASE: database.name,
      };
      await withEnvironment(variables, async () => {
        const { rows } = await create({}).query('select current_database() as name');
        expect(rows).to.deep.equal([{ name: database.name }]);
      });
    });

    it(`${ours ? 'reads' : 'does not read'} DATABASE_URL and DB_MAX_CONNECTIONS, DB_MIN_CONNECTIONS, CONNECTION_TIMEOUT_SECONDS`, async () => {
      const variables = {
        DATABASE_URL: database.connectionString,
        DB_MAX_CONNECTIONS: '7',
        DB_MIN_CONNECTIONS: '1',
        CONNECTION_TIMEOUT_SECONDS: '5',
        PGHOST: '127.0.0.1',
        PGPORT: '1',
      };
      await withEnvironment(variables, async () => {
        const pool = create({});
        const { max, min, connectionTimeoutMillis } = pool.options;
        expect([max, min, connectionTimeoutMillis]).to.deep.equal(ours ? [7, 1, 5000] : [10, 0, undefined]);
        if (ours) expect((await pool.query<{ n: number }>('select 1 as n')).rows).to.deep.equal([{ n: 1 }]);
        else expect(await failureOf(pool.query('select 1'))).to.include({ code: 'ECONNREFUSED' });
      });
    });

    it(`${ours ? 'sets' : 'sets no'} time-outs on the server, unless they are given`, async () => {
      const names = ['statement_timeout', 'idle_in_transaction_session_timeout'];
      const pool = create();
      const defaults = await Promise.all(names.map((name) => setting(pool, name)));
      expect(defaults).to.deep.equal(ours ? ['33s', '33s'] : ['0', '0']);
      const given = create({
        connectionString: database.connectionString,
        statement_timeout: 700,
        idle_in_transaction_session_timeout: 800,
        lock_timeout: 900,
      });
      const settings = await Promise.all([...names, 'lock_timeout'].map((name) => setting(given, name)));
      expect(settings).to.deep.equal(['700ms', '800ms', '900ms']);
    });

    it(`names the application ${ours ? 'express-db-resilience' : 'not at all'}, unless its name is given`, async () => {
      expect(await setting(create(), 'application_name')).to.equal(ours ? 'express-db-resilience' : '');
      const { connectionString } = database;
      expect(await setting(create({ connectionString, application_name: 'shop' }), 'application_name')).to.equal(
        'shop',
      );
      const fallback = create({ connectionString, fallback_application_name: 'worker' });
      expect(await setting(fallback, 'application_name')).to.equal('worker');
    });

    it('passes options for the server on', async () => {
      const pool = create({ connectionString: database.connectionString, options: '-c search_path=elsewhere' });
      expect(await setting(pool, 'search_path')).to.equal('elsewhere');
    });

    it(`switches TCP keep-alive ${ours ? 'on' : 'off'}, and makes its sockets by a given function`, async () => {
      const calls: unknown[][] = [];
      class Recording extends Socket {
        override setKeepAlive(...args: [boolean?, number?]): this {
          calls.push(args);
          return super.setKeepAlive(...args);
        }
      }
      let made = 0;
      const pool = create({
        connectionString: database.connectionString,
        min: 0,
        stream: () => {
          made += 1;
          return new Recording();
        },
      });
      await pool.query('select 1');
      expect(made).to.equal(1);
      expect(calls).to.deep.equal(ours ? [[true, 10_000]] : []);
    });

    for (const [what, options, named] of [
      ['an unknown option', { maximum: 5 }, 'maximum'],
      ['a number given as a string', { max: '5' }, 'max'],
      ['max: 0', { max: 0 }, 'max'],
      ['a min above max', { min: 6, max: 5 }, 'min'],
      ['connectionTimeoutMillis: 0, to wait without end', { connectionTimeoutMillis: 0 }, 'connectionTimeoutMillis'],
      ['poolSize', { poolSize: 5 }, 'poolSize'],
      ['a Client class that is not of pg', { Client: ForeignClient }, 'Client'],
      ['a Promise of its own', { Promise: class extends Promise<unknown> {} }, 'Promise'],
      [
        'a connection string that contradicts an option beside it',
        { connectionString: 'postgres://localhost/shop', database: 'store' },
        'database',
      ],
    ] as const) {
      it(`${ours ? 'refuses' : 'takes'} ${what}`, () => {
        const make = () => create(options as unknown as SharedOptions);
        if (!ours) make();
        else expect(make).to.throw(ConfigurationError).with.property('option', named);
      });
    }

    it(`${ours ? 'refuses' : 'takes'} pipeline: true${subject.newest ? '' : ', which this pg does not know'}`, () => {
      const make = () => create({ pipeline: true } as SharedOptions);
      if (!ours) make();
      else expect(make).to.throw(ConfigurationError).with.property('option', 'pipeline');
    });

    it(`${ours ? 'asks' : 'does not ask'} a password function that stands beside a connection string`, async () => {
      const url = new URL(database.connectionString);
      const { password } = url;
      url.password = '';
      let asked = 0;
      const pool = create({
        connectionString: url.href,
        password: () => {
          asked += 1;
          return password;
        },
      });
      const outcome = await pool.query('select 1').catch((error: unknown) => error);
      expect(asked > 0).to.equal(ours);
      expect(outcome instanceof Error).to.equal(!ours);
    });

    it(`calls log ${ours ? 'with the name of each event' : 'with a trace of what it does'}`, async () => {
      const logged: unknown[] = [];
      const pool = create({
        connectionString: database.connectionString,
        min: 0,
        log: (message: unknown) => logged.push(message),
      });
      await pool.query('select 1');
      if (ours) expect(logged).to.deep.equal(['connect', 'acquire', 'release']);
      else expect(logged).to.include.members(['connecting new client', 'new client connected', 'dispatching query']);
    });

    it(`keeps its clients ${ours ? 'to itself' : 'in _clients, _idle and _pendingQueue'}`, async () => {
      const pool = create({ connectionString: database.connectionString, min: 0 });
      await pool.query('select 1');
      const { _clients, _idle, _pendingQueue } = pool as unknown as Record<string, unknown[]>;
      expect([_clients?.length, _idle?.length, _pendingQueue?.length]).to.deep.equal(ours ? [0, 0, 0] : [1, 1, 0]);
    });
  });
}

describe('options: types', () => {
  it('takes pg.PoolConfig, and is a pg.Pool, in TypeScript too', async () => {
    const config: pg.PoolConfig = { connectionString: (await testDatabase()).connectionString };
    const pool: pg.Pool = new ResilientPool(config);
    await expectSettled(pool.query('select 1'), true);
    await pool.end();
  });
});

async function withEnvironment(variables: Record<string, string>, work: () => Promise<void>): Promise<void> {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    await work();
  } finally {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
  }
}
