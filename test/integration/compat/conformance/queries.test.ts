import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import type pg from 'pg';
import { failureOf } from '../failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from '../test-database.js';
import { calledBack, type Callback } from './called-back.js';
import { expectSettled } from './expect-settled.js';
import { subjects } from './subjects.js';

interface Row {
  n: number;
}

for (const subject of subjects) {
  const ours = subject.resilient;
  const { newest } = subject;
  // The oldest pg sends no Sync after such a value.
  const healsClient = newest;

  describe(`query: ${subject.name}`, () => {
    let database: TestDatabase;
    let pool: pg.Pool;

    before(async () => {
      database = await testDatabase();
      pool = subject.create({ connectionString: database.connectionString, max: 3, min: 0 });
    });

    afterEach(() => expectNothingCheckedOut(pool, database));
    after(() => pool.end());

    describe('forms', () => {
      it('takes a text', async () => {
        const result = await pool.query<Row>('select 1 as n');
        expect(result).to.include({ command: 'SELECT', rowCount: 1 });
        expect(result.rows).to.deep.equal([{ n: 1 }]);
        expect(result.fields.map((field) => field.name)).to.deep.equal(['n']);
      });

      it('takes a text and values', async () => {
        expect((await pool.query<Row>('select $1::int as n', [2])).rows).to.deep.equal([{ n: 2 }]);
      });

      it('takes a config object, with its values or others', async () => {
        const config = { text: 'select $1::int as n', values: [3] };
        expect((await pool.query<Row>(config)).rows).to.deep.equal([{ n: 3 }]);
        expect((await pool.query<Row>({ text: config.text }, [4])).rows).to.deep.equal([{ n: 4 }]);
      });

      it('takes an object with getters, as template tags make them', async () => {
        class Statement {
          get text() {
            return 'select $1::int as n';
          }
          get values() {
            return [5];
          }
        }
        expect((await pool.query<Row>(new Statement())).rows).to.deep.equal([{ n: 5 }]);
      });

      for (const [form, call] of [
        ['text', (done: Callback) => pool.query('select 6 as n', done)],
        ['text and values', (done: Callback) => pool.query('select $1::int as n', [6], done)],
        ['config object', (done: Callback) => pool.query({ text: 'select $1::int as n', values: [6] }, done)],
      ] as const) {
        it(`calls back, for a ${form}`, async () => {
          const { returned, error, result } = await calledBack(call);
          expect(returned).to.equal(undefined);
          expect(error).to.equal(ours ? null : undefined);
          expect(result?.rows).to.deep.equal([{ n: 6 }]);
        });

        it(`calls back on a client, for a ${form}`, async () => {
          const client = await pool.connect();
          const { returned, error, result } = await calledBack((done) =>
            form === 'text'
              ? client.query('select 6 as n', done)
              : form === 'config object'
                ? client.query({ text: 'select $1::int as n', values: [6] }, done)
                : client.query('select $1::int as n', [6], done),
          );
          client.release();
          expect(returned).to.equal(undefined);
          expect(error).to.equal(null);
          expect(result?.rows).to.deep.equal([{ n: 6 }]);
        });
      }

      it('calls back with an error', async () => {
        const { returned, error, result } = await calledBack((done) => pool.query('select 1 / 0', done));
        expect(returned).to.equal(undefined);
        expect(error).to.include({ code: '22012' });
        expect(result).to.equal(undefined);
      });

      it('gives rows as arrays on demand', async () => {
        const result = await pool.query<[number, string]>({ text: "select 1, 'one'", rowMode: 'array' });
        expect(result.rows).to.deep.equal([[1, 'one']]);
      });

      it('reads with type parsers of its own', async () => {
        const types = { getTypeParser: () => (value: string | Buffer) => `<${String(value)}>` };
        const result = await pool.query({ text: 'select 1 as n, true as yes', types });
        expect(result.rows).to.deep.equal([{ n: '<1>', yes: '<t>' }]);
      });

      it('gives one result a statement where the text has several', async () => {
        const results = (await pool.query('select 1 as n; select 2 as n')) as unknown as pg.QueryResult<Row>[];
        expect(results.map((result) => result.rows)).to.deep.equal([[{ n: 1 }], [{ n: 2 }]]);
      });

      it('runs the empty text', async () => {
        expect((await pool.query('')).rows).to.deep.equal([]);
      });
    });

    describe('config objects', () => {
      it('are used by many calls at once', async () => {
        const config = { name: 'shared', text: 'select $1::int as n' };
        const numbers = Array.from({ length: 20 }, (_, n) => n);
        const results = await Promise.all(numbers.map((n) => pool.query<Row>(config, [n])));
        expect(results.map((result) => result.rows)).to.deep.equal(numbers.map((n) => [{ n }]));
      });

      const keeps = ours || newest;
      it(keeps ? 'stay as they are' : 'are written to', async () => {
        const config = { text: 'select $1::int as n' };
        await pool.query(config, [1]);
        expect(Object.keys(config)).to.deep.equal(keeps ? ['text'] : ['text', 'values', 'callback']);
        const frozen = Object.freeze({ text: 'select $1::int as n' });
        const outcome = await pool.query<Row>(frozen, [2]).catch((error: unknown) => error);
        if (keeps) expect((outcome as pg.QueryResult).rows).to.deep.equal([{ n: 2 }]);
        else expect(outcome).to.be.instanceOf(TypeError);
      });
    });

    describe('named statements', () => {
      it('are prepared once on a connection', async () => {
        const client = await pool.connect();
        for (const n of [1, 2, 3]) {
          const result = await client.query<Row>({ name: 'once', text: 'select $1::int as n', values: [n] });
          expect(result.rows).to.deep.equal([{ n }]);
        }
        const { rows } = await client.query(
          "select generic_plans + custom_plans as runs from pg_prepared_statements where name = 'once'",
        );
        client.release();
        expect(rows).to.deep.equal([{ runs: '3' }]);
      });

      it('have one text each', async () => {
        const client = await pool.connect();
        await client.query({ name: 'taken', text: 'select 1' });
        const error = await failureOf(client.query({ name: 'taken', text: 'select 2' }));
        client.release();
        expect(error.message).to.include("'taken' was used for a different statement");
      });

      it(
        ours ? 'are prepared again when their table has changed' : 'fail for ever when their table has changed',
        async () => {
          const client = await pool.connect();
          await client.query('create temporary table changing (a int)');
          const statement = { name: 'changing', text: 'select * from changing' };
          await client.query(statement);
          await client.query('alter table changing add b int');
          for (let n = 0; n < 2; n++) {
            if (ours) expect((await client.query(statement)).fields).to.have.lengthOf(2);
            else expect(await failureOf(client.query(statement))).to.include({ code: '0A000' });
          }
          await client.query('drop table changing');
          client.release(true);
        },
      );

      it(
        ours
          ? 'are prepared again when the server has forgotten them'
          : 'fail for ever when the server has forgotten them',
        async () => {
          const client = await pool.connect();
          const statement = { name: 'forgotten', text: 'select 1 as n' };
          await client.query(statement);
          await client.query('deallocate all');
          for (let n = 0; n < 2; n++) {
            if (ours) expect((await client.query<Row>(statement)).rows).to.deep.equal([{ n: 1 }]);
            else expect(await failureOf(client.query(statement))).to.include({ code: '26000' });
          }
          client.release(true);
        },
      );
    });

    it(`tells of an error ${ours ? 'when' : 'before'} the server is ready again and the transaction status is known`, async () => {
      const client = await pool.connect();
      await client.query('begin');
      const status = await new Promise((resolve) => {
        client.query('select 1 / 0', () => resolve(client.getTransactionStatus()));
      });
      await client.query('rollback');
      client.release();
      expect(status).to.equal(ours ? 'E' : 'T');
    });

    describe('what is no statement', () => {
      for (const nothing of [null, undefined]) {
        it(`refuses ${String(nothing)}`, async () => {
          const error = await failureOf(pool.query(nothing as never));
          expect(error).to.be.instanceOf(TypeError);
        });
      }

      it('calls a function back with an error that stands in the place of the text', async () => {
        const error = await new Promise((resolve) => pool.query(resolve as never));
        expect(error).to.be.instanceOf(Error);
      });

      it('refuses a config object with neither text nor name', async () => {
        const error = await failureOf(pool.query({ text: undefined as never }));
        expect(error.message).to.include('A query must have either text or a name');
      });

      it('refuses values that are no array', async () => {
        const error = await failureOf(pool.query('select $1::int as n', 7 as never));
        expect(error.message).to.include('values must be an array');
      });

      describe('a value that cannot be sent', () => {
        const unsendable = {
          toPostgres: () => {
            throw new Error('not for the wire');
          },
        };

        it('is refused at once, and the pool goes on', async () => {
          const failure = failureOf(pool.query('select $1::int as n', [unsendable]));
          await expectSettled(failure, true);
          expect((await failure).message).to.equal('not for the wire');
          expect((await pool.query<Row>('select 8 as n')).rows).to.deep.equal([{ n: 8 }]);
        });

        it(`is refused at once on a client, ${ours || healsClient ? 'which does not hang' : 'which hangs from then on'}`, async () => {
          const client = await pool.connect();
          try {
            const failure = failureOf(client.query('select $1::int as n', [unsendable]));
            await expectSettled(failure, true);
            expect((await failure).message).to.equal('not for the wire');
            await expectSettled(client.query('select 8 as n'), ours || healsClient);
          } finally {
            client.release(true);
          }
        });
      });
    });

    it('serves more calls at once than it has connections', async () => {
      const numbers = Array.from({ length: 60 }, (_, n) => n);
      const results = await Promise.all(numbers.map((n) => pool.query<Row>('select $1::int as n', [n])));
      expect(results.map((result) => result.rows[0]?.n)).to.deep.equal(numbers);
      expect(pool.totalCount).to.be.at.most(3);
    });

    it('gives errors the stack of their caller', async () => {
      async function callerOfTheTest() {
        await pool.query('select 1 / 0');
      }
      expect((await failureOf(callerOfTheTest())).stack).to.include('callerOfTheTest');
    });

    it(`runs callbacks in the asynchronous context of ${ours ? 'their caller' : 'whoever opened the connection'}`, async () => {
      const own = subject.create({ connectionString: database.connectionString, max: 1, min: 0 });
      const context = new AsyncLocalStorage<string>();
      await context.run('first', () => own.query('select 1'));
      const seen = await context.run(
        'second',
        () => new Promise((resolve) => own.query('select 1', () => resolve(context.getStore()))),
      );
      expect(seen).to.equal(ours ? 'second' : 'first');
      await own.end();
    });
  });
}
