import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import Cursor from 'pg-cursor';
import {
  ConfigurationError,
  DeadlineExceededError,
  ResilientPool,
  runWithDeadline,
  TransactionMisuseError,
  TransactionRolledBackError,
} from '../../../lib/index.js';
import type { Transaction } from '../../../lib/index.js';
import { failureOf } from '../compat/failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from '../compat/test-database.js';
import { eventually } from '../../support/settle.js';
import { timed } from '../scope/timed.js';

describe('transaction()', () => {
  let database: TestDatabase;
  let pool: ResilientPool;

  before(async () => {
    database = await testDatabase();
    pool = new ResilientPool({ connectionString: database.connectionString, max: 4 });
    await pool.query(`
      create table accounts (id int primary key, balance int not null check (balance >= 0));
      create table entries (id int, note text);
      create table parents (id int primary key);
      create table children (id int references parents deferrable initially deferred);
      create function stubborn() returns void language plpgsql as $$
        begin
          insert into entries values (1, 'stubborn');
          perform pg_sleep(0.6);
        exception when query_canceled then
          insert into entries values (1, 'stubborn');
          perform pg_sleep(0.6);
        end $$`);
  });

  beforeEach(() =>
    pool.query(`truncate accounts, entries, children, parents; insert into accounts values (1, 100), (2, 100)`),
  );
  afterEach(() => expectNothingCheckedOut(pool, database));
  after(() => pool.end());

  const notes = async () =>
    (await pool.query<{ note: string }>('select note from entries order by note')).rows.map(({ note }) => note);
  const add = (tx: Transaction, note: string) => tx.query('insert into entries values (1, $1)', [note]);

  describe('commits', () => {
    it('what the callback did, and gives what it returned', async () => {
      const result = await pool.transaction(async (tx) => {
        await add(tx, 'a');
        return (await tx.query<{ n: number }>('select 1 as n')).rows[0]?.n;
      });
      expect(result).to.equal(1);
      expect(await notes()).to.deep.equal(['a']);
    });

    it('what a callback that is not async did', async () => {
      expect(await pool.transaction(() => 5)).to.equal(5);
    });

    it('what was asked for and not waited for', async () => {
      let late: Promise<unknown> | undefined;
      await pool.transaction((tx) => {
        late = add(tx, 'a');
      });
      await late;
      expect(await notes()).to.deep.equal(['a']);
    });

    it('through a view, and within a deadline', async () => {
      await runWithDeadline(5000, () => pool.withOptions({ timeoutMs: 1000 }).transaction((tx) => add(tx, 'a')));
      expect(await notes()).to.deep.equal(['a']);
    });

    it('callbacks and cursors too', async () => {
      const rows = await pool.transaction(async (tx) => {
        await new Promise<void>((resolve, reject) => {
          tx.query("insert into entries values (1, 'a')", (error: Error | undefined) => {
            if (error === undefined || error === null) resolve();
            else reject(error);
          });
        });
        const cursor = tx.query(new Cursor<{ id: number }>('select id from accounts order by id'));
        const read = await cursor.read(10);
        await cursor.close();
        return read;
      });
      expect(rows).to.deep.equal([{ id: 1 }, { id: 2 }]);
      expect(await notes()).to.deep.equal(['a']);
    });
  });

  describe('options', () => {
    const settingsOf = (tx: Transaction) =>
      tx
        .query<Record<string, string>>(
          "select current_setting('transaction_isolation') i, current_setting('transaction_read_only') r, current_setting('transaction_deferrable') d",
        )
        .then(({ rows }) => rows[0]);

    it('isolation, readOnly and deferrable reach the server', async () => {
      expect(
        await pool.transaction(settingsOf, { isolation: 'serializable', readOnly: true, deferrable: true }),
      ).to.deep.equal({ i: 'serializable', r: 'on', d: 'on' });
      expect(await pool.transaction(settingsOf, { isolation: 'repeatable read' })).to.deep.include({
        i: 'repeatable read',
        r: 'off',
      });
      expect(await pool.transaction(settingsOf)).to.deep.equal({ i: 'read committed', r: 'off', d: 'off' });
    });

    it('a transaction that is read-only cannot write, and says so once', async () => {
      const error = await failureOf(pool.transaction((tx) => add(tx, 'a'), { readOnly: true, retries: 0 }));
      expect(error).to.include({ code: '25006' });
      let calls = 0;
      await failureOf(
        pool.transaction(
          (tx) => {
            calls += 1;
            return add(tx, 'a');
          },
          { readOnly: true },
        ),
      );
      expect(calls, 'a mistake is not replayed').to.equal(1);
    });

    for (const [options, says] of [
      [{ isolation: 'snapshot' }, /isolation.*received "snapshot".*"serializable"/],
      [{ timeoutMs: 0 }, /timeoutMs.*received 0/],
      [{ retries: -1 }, /retries.*received -1/],
      [{ readonly: true }, /did you mean "readOnly"/],
    ] as const) {
      it(`refuses ${JSON.stringify(options)}`, async () => {
        const error = await failureOf(pool.transaction(() => 1, options as object));
        expect(error).to.be.instanceOf(ConfigurationError);
        expect(error.message).to.match(says);
      });
    }

    it('refuses what is no function', async () => {
      const error = await failureOf(pool.transaction('select 1' as unknown as () => number));
      expect(error).to.be.instanceOf(ConfigurationError);
      expect(error.message).to.match(/received string; expected a function/);
    });
  });

  describe('rolls back', () => {
    for (const thrown of [new Error('mine'), 'a string', undefined, null]) {
      it(`where the callback throws ${String(thrown)}, which is what its caller gets`, async () => {
        let told: unknown = 'nothing';
        await pool
          .transaction(async (tx) => {
            await add(tx, 'a');
            // eslint-disable-next-line @typescript-eslint/only-throw-error
            throw thrown;
          })
          .catch((error: unknown) => (told = error));
        expect(told).to.equal(thrown);
        expect(await notes()).to.deep.equal([]);
      });
    }

    it('on an error of the database, and keeps the connection', async () => {
      const before = pool.totalCount;
      const error = await failureOf(pool.transaction((tx) => tx.query('insert into accounts values (1, 1)')));
      expect(error).to.include({ code: '23505' });
      expect(pool.totalCount).to.equal(before);
    });

    it('where an error was swallowed: COMMIT would be answered by ROLLBACK', async () => {
      let hooks = 0;
      const error = await failureOf(
        pool.transaction(async (tx) => {
          tx.afterCommit(() => hooks++);
          await add(tx, 'a');
          await tx.query('insert into accounts values (1, 1)').catch(() => undefined);
          await add(tx, 'b').catch(() => undefined);
        }),
      );
      expect(error).to.be.instanceOf(TransactionRolledBackError);
      expect(error).to.include({ code: 'DB_TRANSACTION_ROLLED_BACK', outcome: 'rolled-back', retryable: false });
      expect(error.cause).to.include({ code: '23505' });
      expect(await notes()).to.deep.equal([]);
      expect(hooks).to.equal(0);
    });

    it('where COMMIT fails for a deferred constraint', async () => {
      const error = await failureOf(pool.transaction((tx) => tx.query('insert into children values (1)')));
      expect(error).to.include({ code: '23503' });
      expect((await pool.query('select from children')).rowCount).to.equal(0);
    });

    it('where its time is over, whatever the callback is doing', async () => {
      for (const hang of [
        (tx: Transaction) => tx.query('select pg_sleep(5)'),
        () => new Promise(() => undefined),
        async (tx: Transaction) => {
          await tx.query('select pg_sleep(5)').catch(() => undefined);
          await new Promise(() => undefined);
        },
      ]) {
        const { ms, error } = await timed(() =>
          pool.transaction(
            async (tx) => {
              await add(tx, 'a');
              await hang(tx);
            },
            { timeoutMs: 200 },
          ),
        );
        expect(error).to.be.instanceOf(DeadlineExceededError);
        expect(error).to.include({ outcome: 'rolled-back', deadlineMs: 200 });
        expect(ms).to.be.within(198, 4 * 275);
      }
      expect(await notes()).to.deep.equal([]);
    });

    it('where its time is over and the pool has been closed meanwhile', async () => {
      const own = new ResilientPool({ connectionString: database.connectionString, drainTimeoutMs: 50 });
      let hangs = false;
      const failed = failureOf(
        own.transaction(
          async (tx) => {
            await add(tx, 'a');
            hangs = true;
            await new Promise(() => undefined);
          },
          { timeoutMs: 2000 },
        ),
      );
      await eventually(() => hangs, 2000, 'the callback hangs');
      await own.end();
      expect(await failed).to.include({ code: 'DB_DEADLINE_EXCEEDED', outcome: 'rolled-back' });
      expect(await notes()).to.deep.equal([]);
    });

    it('where a signal of the view is aborted', async () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 50);
      const { ms, error } = await timed(() =>
        pool.withOptions({ signal: controller.signal }).transaction(async (tx) => {
          await add(tx, 'a');
          await new Promise(() => undefined);
        }),
      );
      expect(error).to.include({ code: 'DB_CANCELLED', outcome: 'rolled-back' });
      expect(ms).to.be.lessThan(4 * 125);
      expect(await notes()).to.deep.equal([]);
    });

    it('where a signal is aborted under a statement, and keeps the connection', async () => {
      const own = new ResilientPool({ connectionString: database.connectionString, max: 1 });
      const pid = async () => (await own.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
      // Unless the server takes longer than 75 ms to say that it has cancelled the statement.
      let isKept = false;
      for (let turn = 0; turn < 10 && !isKept; turn++) {
        const before = await pid();
        const controller = new AbortController();
        setTimeout(() => controller.abort(), 50);
        const error = await failureOf(
          own.withOptions({ signal: controller.signal }).transaction((tx) => tx.query('select pg_sleep(5)')),
        );
        expect(error).to.include({ code: 'DB_CANCELLED', outcome: 'rolled-back' });
        isKept = (await pid()) === before;
      }
      expect(isKept).to.equal(true);
      await own.end();
    });

    it('where its connection is lost before COMMIT, and says that nothing was stored', async () => {
      const error = await failureOf(
        pool.transaction(
          async (tx) => {
            await add(tx, 'a');
            await tx.query('select pg_terminate_backend(pg_backend_pid())');
          },
          { retries: 0 },
        ),
      );
      expect(error).to.include({ code: '57P01' });
      expect(await notes()).to.deep.equal([]);
    });
  });

  describe('savepoints', () => {
    it('undo what failed, and the rest goes on', async () => {
      await pool.transaction(async (tx) => {
        await add(tx, 'a');
        const error = await failureOf(
          tx.transaction(async (inner) => {
            await add(inner, 'b');
            await inner.query('insert into accounts values (1, 1)');
          }),
        );
        expect(error).to.include({ code: '23505' });
        await tx.transaction(async (inner) => {
          await add(inner, 'c');
          await failureOf(
            inner.transaction(async (innermost) => {
              await add(innermost, 'd');
              throw new Error('no');
            }),
          );
        });
      });
      expect(await notes()).to.deep.equal(['a', 'c']);
    });

    it('do not make good what was told undone before they began', async () => {
      let told: unknown;
      const error = await failureOf(
        pool.transaction(async (tx) => {
          const slow = failureOf(tx.query({ text: 'select stubborn()', query_timeout: 100 })).then(
            (failure) => (told = failure),
          );
          await failureOf(
            tx.transaction(() => {
              throw new Error('not this part');
            }),
          );
          await slow;
        }),
      );
      expect(told).to.include({ code: 'DB_QUERY_TIMEOUT', outcome: 'rolled-back' });
      expect(error).to.be.instanceOf(TransactionRolledBackError);
      expect(await notes()).to.deep.equal([]);
    });

    it('are taken one at a time', async () => {
      const error = await failureOf(
        pool.transaction((tx) =>
          Promise.all([tx.transaction((inner) => add(inner, 'a')), tx.transaction((inner) => add(inner, 'b'))]),
        ),
      );
      expect(error).to.be.instanceOf(TransactionMisuseError);
      expect(error.message).to.match(/still open here; await it/);
      expect(await notes()).to.deep.equal([]);
    });

    it('must be waited for', async () => {
      const error = await failureOf(
        pool.transaction((tx) => {
          void tx.transaction((inner) => add(inner, 'a')).catch(() => undefined);
        }),
      );
      expect(error).to.be.instanceOf(TransactionMisuseError);
      expect(error).to.include({ outcome: 'rolled-back' });
      expect(await notes()).to.deep.equal([]);
    });
  });

  describe('its tx', () => {
    it('is of no use after the end, whoever has the connection then', async () => {
      const single = new ResilientPool({ connectionString: database.connectionString, max: 1 });
      let kept: Transaction | undefined;
      let inner: Transaction | undefined;
      await single.transaction(async (tx) => {
        kept = tx;
        await tx.transaction((nested) => {
          inner = nested;
        });
        const gone = await failureOf(inner!.query('select 1'));
        expect(gone).to.be.instanceOf(TransactionMisuseError);
      });
      await single.transaction(async (neighbour) => {
        await add(neighbour, 'theirs');
        for (const tx of [kept!, inner!]) {
          const error = await failureOf(tx.query("insert into entries values (1, 'mine')"));
          expect(error).to.be.instanceOf(TransactionMisuseError);
          expect(error).to.include({ code: 'DB_TRANSACTION_MISUSE', outcome: 'not-executed' });
          expect(error.message).to.match(/has ended/);
          await new Promise<void>((resolve) => {
            tx.query("insert into entries values (1, 'mine')", (failure: Error) => {
              expect(failure).to.be.instanceOf(TransactionMisuseError);
              resolve();
            });
          });
          const cursor = tx.query(new Cursor('select 1'));
          expect(await failureOf(cursor.read(1))).to.be.instanceOf(TransactionMisuseError);
          expect(await failureOf(tx.transaction(() => 1))).to.be.instanceOf(TransactionMisuseError);
          expect(() => tx.afterCommit(() => undefined)).to.throw(TransactionMisuseError);
        }
      });
      expect(await notes()).to.deep.equal(['theirs']);
      await single.end();
    });

    it("sends nothing on a connection that is somebody else's by then, savepoints included", async () => {
      const single = new ResilientPool({ connectionString: database.connectionString, max: 1 });
      let goOn: () => void = () => undefined;
      const slow = new Promise<void>((resolve) => (goOn = resolve));
      await single.transaction((tx) => tx.query('select 1'));
      const late: unknown[] = [];
      const error = await failureOf(
        single.transaction(
          (tx) =>
            tx
              .transaction(async (inner) => {
                await add(inner, 'mine');
                await slow;
              })
              .catch((failure: unknown) => late.push(failure)),
          { timeoutMs: 500 },
        ),
      );
      expect(error).to.be.instanceOf(DeadlineExceededError);
      const client = await single.connect();
      await client.query('BEGIN');
      await client.query('SAVEPOINT edr_1');
      await client.query("insert into entries values (1, 'theirs')");
      goOn();
      await sleep(50);
      expect((await client.query('COMMIT')).command).to.equal('COMMIT');
      client.release();
      expect(late).to.have.length(1);
      expect(late[0]).to.be.instanceOf(TransactionMisuseError);
      expect(await notes()).to.deep.equal(['theirs']);
      await single.end();
    });

    it('is not left with a cursor whose turn has not come, and says so soon', async () => {
      const { ms, error } = await timed(() =>
        pool.transaction((tx) => void tx.query(new Cursor('select generate_series(1, 1000)'))),
      );
      expect(error).to.be.instanceOf(TransactionMisuseError);
      expect(error).to.include({ outcome: 'rolled-back' });
      // 500 ms for the cursor, and 1000 for the ROLLBACK behind it.
      expect(ms).to.be.lessThan(4 * 1500);
    });

    it('leaves no lock of the session behind where its clean-up was refused or came too late', async () => {
      for (const after of [230, 500]) {
        const lock = 7000 + after;
        const error = await failureOf(
          pool.transaction(
            async (tx) => {
              await tx.query('select pg_advisory_lock($1)', [lock]);
              await sleep(after);
              await tx.query('select pg_advisory_unlock($1)', [lock]);
            },
            { timeoutMs: 200 },
          ),
        );
        expect(error).to.include({ code: 'DB_DEADLINE_EXCEEDED' });
        await sleep(300); // until the callback has ended
        // Looked up and not tried: a session may take it twice.
        const text = `select pid from pg_locks where locktype = 'advisory' and objid = $1`;
        await eventually(async () => (await pool.query(text, [lock])).rowCount === 0, 5000, `nobody has lock ${lock}`);
      }
    });

    it('is not left with an open cursor', async () => {
      const { ms, error } = await timed(() =>
        pool.transaction(async (tx) => {
          const cursor = tx.query(new Cursor('select generate_series(1, 1000)'));
          await cursor.read(1);
        }),
      );
      expect(error).to.be.instanceOf(TransactionMisuseError);
      expect(error?.message).to.match(/still open at the end/);
      expect(ms).to.be.lessThan(4 * 1000);
    });

    for (const text of [
      'COMMIT',
      'begin',
      '/* x */ rollback',
      'select 1; commit',
      'end',
      'abort',
      "prepare transaction 'x'",
      'start transaction',
    ]) {
      it(`does not take ${text}`, async () => {
        const error = await failureOf(pool.transaction((tx) => tx.query(text)));
        expect(error).to.be.instanceOf(TransactionMisuseError);
        expect(error.message).to.match(/are done by transaction\(\)/);
      });
    }

    it('takes savepoints made by hand, and words that only look like an end', async () => {
      await pool.transaction(async (tx) => {
        await tx.query('savepoint mine');
        await add(tx, 'a');
        await tx.query('rollback to savepoint mine');
        await tx.query('select case when true then \'commit\' end as "begin"');
        await add(tx, 'b');
      });
      expect(await notes()).to.deep.equal(['b']);
    });
  });

  describe('replays the whole', () => {
    it('after a serialization failure', async () => {
      let calls = 0;
      let hooks = 0;
      await pool.transaction(
        async (tx) => {
          calls += 1;
          tx.afterCommit(() => hooks++);
          const { rows } = await tx.query<{ balance: number }>('select balance from accounts where id = 1');
          if (calls === 1) await pool.query('update accounts set balance = balance + 1 where id = 1');
          await tx.query('update accounts set balance = $1 where id = 1', [(rows[0]?.balance ?? 0) + 10]);
        },
        { isolation: 'repeatable read' },
      );
      expect({ calls, hooks }).to.deep.equal({ calls: 2, hooks: 1 });
      expect((await pool.query('select balance from accounts where id = 1')).rows).to.deep.equal([{ balance: 111 }]);
    });

    it('after a serialization failure that comes with COMMIT, and runs afterCommit once', async () => {
      let hooks = 0;
      let calls = 0;
      let others = 0;
      const skew = (mine: number, other: () => Promise<unknown>) => async (tx: Transaction) => {
        calls += 1;
        tx.afterCommit(() => hooks++);
        await tx.query('select sum(balance) from accounts');
        if (others++ === 0) await other();
        await tx.query('update accounts set balance = balance - 10 where id = $1', [mine]);
      };
      // Write skew: each reads what the other one writes, and the other commits in between.
      await pool.transaction(
        skew(1, () =>
          pool.transaction(
            skew(2, () => Promise.resolve()),
            { isolation: 'serializable' },
          ),
        ),
        { isolation: 'serializable' },
      );
      expect(calls, 'the first one was replayed').to.equal(3);
      expect(hooks).to.equal(2);
      expect((await pool.query('select sum(balance)::int from accounts')).rows).to.deep.equal([{ sum: 180 }]);
    });

    it('after a deadlock', async () => {
      let calls = 0;
      const transfer = (from: number, to: number) =>
        pool.transaction(async (tx) => {
          calls += 1;
          await tx.query('update accounts set balance = balance - 1 where id = $1', [from]);
          await sleep(50);
          await tx.query('update accounts set balance = balance + 1 where id = $1', [to]);
        });
      await Promise.all([transfer(1, 2), transfer(2, 1)]);
      expect(calls).to.be.greaterThan(2);
      expect((await pool.query('select balance from accounts')).rows).to.deep.equal([
        { balance: 100 },
        { balance: 100 },
      ]);
    });

    it('where a failure in a savepoint was let out, or was seen as 25P02 only', async () => {
      for (const how of ['nested', 'swallowed'] as const) {
        let calls = 0;
        await pool.transaction(
          async (tx) => {
            calls += 1;
            await tx.query('select balance from accounts where id = 1');
            if (calls === 1) await pool.query('update accounts set balance = balance + 1 where id = 1');
            const update = 'update accounts set balance = 5 where id = 1';
            if (how === 'nested') {
              await tx.transaction((inner) => inner.query(update));
            } else {
              await tx.query(update).catch(() => undefined);
              await tx.query('select 1');
            }
          },
          { isolation: 'repeatable read' },
        );
        expect(calls, how).to.equal(2);
      }
    });

    it('where others were in its way, whatever is left of the budget', async () => {
      const retry = { budgetPercent: 0, budgetPerSecond: 0, minDelayMs: 1 };
      const own = new ResilientPool({ connectionString: database.connectionString, retry });
      let calls = 0;
      await own.transaction(
        async (tx) => {
          calls += 1;
          await tx.query('select balance from accounts where id = 1');
          if (calls === 1) await pool.query('update accounts set balance = balance + 1 where id = 1');
          await tx.query('update accounts set balance = 5 where id = 1');
        },
        { isolation: 'repeatable read' },
      );
      expect(calls).to.equal(2);
      calls = 0;
      const error = await failureOf(
        own.transaction(async (tx) => {
          calls += 1;
          await tx.query('select pg_terminate_backend(pg_backend_pid())');
        }),
      );
      expect(error).to.include({ code: '57P01' });
      expect(calls).to.equal(1);
      await own.end();
    });

    it('as often as `retries` says, and no more', async () => {
      for (const retries of [0, 2]) {
        let calls = 0;
        const error = await failureOf(
          pool.transaction(
            async (tx) => {
              calls += 1;
              await tx.query("do $$ begin raise exception 'x' using errcode = '40001'; end $$");
            },
            { retries },
          ),
        );
        expect(error).to.include({ code: '40001' });
        expect(calls).to.equal(retries + 1);
      }
    });

    it('not for what another pool says, nor for other errors', async () => {
      const other = new ResilientPool({ connectionString: database.connectionString, max: 1, retry: false });
      for (const fail of [
        () => other.query("do $$ begin raise exception 'x' using errcode = '40001'; end $$"),
        (tx: Transaction) => tx.query('select 1/0'),
        () => Promise.reject(new Error('mine')),
      ]) {
        let calls = 0;
        await failureOf(
          pool.transaction(async (tx) => {
            calls += 1;
            await fail(tx);
          }),
        );
        expect(calls).to.equal(1);
      }
      await other.end();
    });

    it('not after a time-out', async () => {
      let calls = 0;
      const error = await failureOf(
        pool.transaction(async (tx) => {
          calls += 1;
          const slow = tx.query('select pg_sleep(0.3)');
          await tx.query({ text: 'select 1', query_timeout: 50 }).finally(() => slow);
        }),
      );
      expect(error).to.include({ code: 'DB_QUERY_TIMEOUT', outcome: 'not-executed' });
      expect(calls).to.equal(1);
    });

    it('not beyond the deadline', async () => {
      let calls = 0;
      const { ms, error } = await timed(() =>
        pool.transaction(
          async (tx) => {
            calls += 1;
            await sleep(20);
            await tx.query("do $$ begin raise exception 'x' using errcode = '40001'; end $$");
          },
          { retries: 100, timeoutMs: 300 },
        ),
      );
      expect(calls).to.be.greaterThan(1);
      expect(error).to.satisfy((e: { code?: string }) => e.code === '40001' || e.code === 'DB_DEADLINE_EXCEEDED');
      expect(ms).to.be.lessThan(700);
    });

    it('after its connection was lost before COMMIT', async () => {
      let calls = 0;
      let hooks = 0;
      await pool.transaction(async (tx) => {
        calls += 1;
        tx.afterCommit(() => hooks++);
        await add(tx, 'a');
        if (calls === 1) await tx.query('select pg_terminate_backend(pg_backend_pid())');
      });
      expect({ calls, hooks }).to.deep.equal({ calls: 2, hooks: 1 });
      expect(await notes()).to.deep.equal(['a']);
    });
  });

  describe('afterCommit', () => {
    it('runs in order, after the commit, is not waited for, and its failures are logged without values', async () => {
      const errors: string[] = [];
      const error = (fields: object, message: string) => errors.push(JSON.stringify({ fields, message }));
      const logger = { debug() {}, info() {}, warn() {}, error };
      const logging = new ResilientPool({ connectionString: database.connectionString, max: 1, logger });
      const order: string[] = [];
      const seen: unknown[] = [];
      await logging.transaction(async (tx) => {
        await add(tx, 'a');
        tx.afterCommit(() => {
          order.push('1');
          throw new Error('first');
        });
        await tx.transaction((inner) => inner.afterCommit(() => order.push('2')));
        await failureOf(
          tx.transaction((inner) => {
            inner.afterCommit(() => order.push('never'));
            throw new Error('undone');
          }),
        );
        tx.afterCommit(async () => {
          order.push('3');
          seen.push((await pool.query('select from entries')).rowCount);
          await pool.query('insert into accounts values (1, 987654)');
        });
        tx.afterCommit(() => new Promise(() => undefined));
        order.push('callback');
      });
      await eventually(() => errors.length === 2, 5000, 'both are logged');
      expect(order).to.deep.equal(['callback', '1', '2', '3']);
      expect(seen).to.deep.equal([1]);
      expect(errors[1]).to.include('23505').and.not.include('(id)=(1)').and.not.include('987654');
      await logging.end();
    });
  });
});
