import { expect } from 'chai';
import pg from 'pg';
import { silentLogger } from '../../../lib/core/logger.js';
import { Statements } from '../../../lib/core/sql/statements.js';
import { explainStatement } from '../../../lib/monitor/explain-statement.js';
import { Explainer } from '../../../lib/monitor/explain.js';
import { testDatabase } from '../compat/test-database.js';
import { failureOf } from '../compat/failure-of.js';
import { inspectByClient } from './inspect-by-client.js';

const schema = `
  create type colour as enum ('red', 'green');
  create domain age as int not null;
  create table item (id serial primary key, name text, tags text[], doc jsonb, paint colour, at timestamptz, old age);
  create index item_name on item (name);
  insert into item (name, old) select 'n' || n, n from generate_series(1, 500) n;
  create table touched (n int);
  create function touch() returns int language plpgsql volatile as
    'begin insert into touched values (1); return 1; end';
  create function sly() returns int language plpgsql immutable as
    'begin insert into touched values (2); return 1; end';
  create function sly_sequence() returns int language sql immutable as 'select nextval(''item_id_seq'')::int';
  create function calm() returns int language plpgsql immutable as 'begin perform pg_sleep(60); return 1; end';
  analyze item;
`;

interface Node {
  'Node Type': string;
  Plans?: Node[];
  [key: string]: unknown;
}

describe('Explainer', () => {
  let client: pg.Client;
  let inspect: ReturnType<typeof inspectByClient>;
  let explainer: Explainer;
  let told: object[];
  const statements = new Statements();

  before(async () => {
    const database = await testDatabase();
    client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    await client.query(schema);
    inspect = inspectByClient(database.connectionString);
  });
  after(() => client.end());
  beforeEach(() => {
    told = [];
    inspect.sent.length = 0;
    const logger = { ...silentLogger, debug: (fields: object) => void told.push(fields) };
    explainer = new Explainer({ inspect, logger, name: 'main' });
  });
  afterEach(() => {
    explainer.close();
  });

  const planOf = (text: string) => explainer.plan(statements.of(text), text);
  async function nodesOf(text: string): Promise<Node[]> {
    const plan = (await planOf(text)) as [{ Plan: Node }] | undefined;
    expect(plan, text).to.be.an('array').with.length(1);
    const nodes: Node[] = [];
    const collect = (node: Node) => {
      nodes.push(node);
      node.Plans?.forEach(collect);
    };
    collect(plan![0].Plan);
    return nodes;
  }
  async function fingerprintOfData(): Promise<unknown> {
    const { rows } = await client.query<object>(
      `select (select count(*) from item) as items, (select count(*) from touched) as touched,
          (select last_value from item_id_seq) as last_value`,
    );
    return rows[0];
  }
  async function expectNothingDone(text: string): Promise<unknown> {
    const before = await fingerprintOfData();
    const plan = await planOf(text);
    expect(await fingerprintOfData(), text).to.deep.equal(before);
    return plan;
  }

  it('tells the plan of a statement, with names and costs, and without its values', async () => {
    const nodes = await nodesOf("select id, 'secret one' from item /* secret two */ where name = 'secret three'");
    const text = JSON.stringify(nodes);
    expect(text).to.not.contain('secret');
    expect(text).to.contain('item_name').and.to.contain('(name = ?::text)');
    expect(nodes[0]!['Total Cost']).to.be.above(0);
  });

  it('plans a statement with parameters as for any values', async () => {
    const nodes = await nodesOf('select id from item where name = $1 and id > $2');
    expect(JSON.stringify(nodes)).to.contain('(name = ?)');
  });

  it('plans a statement with 30 parameters', async () => {
    const list = Array.from({ length: 30 }, (_, index) => `$${String(index + 1)}`).join(', ');
    expect((await nodesOf(`select id from item where id in (${list})`)).length).to.be.above(0);
  });

  it('plans a statement with parameters of odd types', async () => {
    const nodes = await nodesOf(
      `select id from item where tags && $1 and doc @> $2 and paint = $3 and at > $4 and name like any ($5)
        and (id, name) = ($6, $7) limit $8`,
    );
    expect(nodes[0]!['Node Type']).to.equal('Limit');
  });

  it('plans a write with parameters, and does not execute it', async () => {
    const insert = (await expectNothingDone('insert into item (name, paint) values ($1, $2) returning id')) as Node[];
    expect(JSON.stringify(insert)).to.contain('"Operation":"Insert"');
    await expectNothingDone('update item set name = $1 where id = $2');
    await expectNothingDone('delete from item');
  });

  for (const text of [
    "insert into item (name, old) values ('a', 1)",
    'insert into item (name, old) select name, old from item',
    'update item set name = null',
    'delete from item where id > 3',
    'with gone as (delete from item returning id) select count(*) from gone',
    'select * into copied from item',
  ]) {
    it(`plans without executing: ${text}`, async () => {
      expect(await expectNothingDone(text)).to.be.an('array');
      expect((await client.query<object>("select to_regclass('copied') as copied")).rows).to.deep.equal([
        { copied: null },
      ]);
    });
  }

  it('calls no function that the statement calls', async () => {
    expect(await expectNothingDone('select touch(), id from item where touch() = 1')).to.be.an('array');
    expect(await expectNothingDone("select nextval('item_id_seq')")).to.be.an('array');
  });

  it('lets a function that planning calls, for it says that it changes nothing, change nothing', async () => {
    expect(await expectNothingDone('select id from item where id = sly()')).to.equal(undefined);
    expect(told).to.have.length(1);
    await expectNothingDone('select id from item where id = sly_sequence()');
  });

  it('gives up where planning takes too long', async () => {
    const started = performance.now();
    expect(await planOf('select id from item where id = calm()')).to.equal(undefined);
    expect(performance.now() - started).to.be.below(4000);
    expect(told).to.deep.equal([
      { pool: 'main', fingerprint: statements.of('select id from item where id = calm()').id, error: '57014' },
    ]);
  });

  it('gives up on a table that is locked', async () => {
    await client.query('begin; lock table item in access exclusive mode');
    try {
      const started = performance.now();
      expect(await planOf('select id from item where id = $1')).to.equal(undefined);
      expect(performance.now() - started).to.be.below(2000);
      expect(told[0]).to.include({ error: '55P03' });
    } finally {
      await client.query('rollback');
    }
  });

  it('is silent about a text that the server refuses, but for one line without the text', async () => {
    for (const text of ["select secret from 'secret'", 'select secret from secret', 'select $1 + ($2)::text']) {
      told.length = 0;
      expect(await planOf(text)).to.equal(undefined);
      expect(told).to.have.length(1);
      expect(JSON.stringify(told)).to.not.contain('secret');
    }
  });

  for (const text of [
    'analyze item',
    'explain delete from item',
    'call something()',
    'do $$ begin delete from item; end $$',
    'execute something',
    'select 1; delete from item',
    'select 1; (select touch())',
    '(select touch())',
    '(analyze) delete from item',
    'truncate item',
    'copy item to stdout',
    "select 'a\\'; delete from item; commit; --'",
    '/* a */ begin',
    "select 'unfinished",
    '',
  ]) {
    it(`sends nothing for: ${text}`, async () => {
      await expectNothingDone(text);
      expect(inspect.sent).to.deep.equal([]);
    });
  }

  it('reads strings as the tokenizer does, also where the database has them otherwise', async () => {
    const { rows } = await client.query<{ name: string }>('select current_database() as name');
    const name = rows[0]!.name;
    await client.query(`alter database "${name}" set standard_conforming_strings = off`);
    try {
      const text = "select 'a\\' , '; commit; insert into touched values (3); --'";
      expect(await expectNothingDone(text)).to.be.an('array');
    } finally {
      await client.query(`alter database "${name}" reset standard_conforming_strings`);
    }
  });
});

describe('explainStatement', () => {
  it('leaves no prepared statement and no transaction behind, whether it was explained or not', async () => {
    const client = new pg.Client({ connectionString: (await testDatabase()).connectionString });
    await client.connect();
    try {
      const run = (text: string, values?: unknown[]) => client.query<Record<string, unknown>>(text, values);
      // The way of PostgreSQL 15 is tried on newer ones as well.
      const asOn15 = async (text: string, values?: unknown[]) => {
        const result = await run(text, values);
        return text.includes('server_version_num') ? { rows: [{ version: '150000' }] } : result;
      };
      const options = { hasParameters: true, timeoutMs: 2000 };
      await client.query('create domain age as int not null');
      for (const way of [run, asOn15]) {
        expect(await explainStatement(way, 'select $1::int + $2::int', options)).to.be.an('array');
        await failureOf(explainStatement(way, 'select $1 from nowhere', options));
        await failureOf(explainStatement(way, 'select $1::age from nowhere', options));
        const left = await client.query<object>(
          'select name from pg_prepared_statements union all select pg_current_xact_id_if_assigned()::text ' +
            'where now() <> statement_timestamp()',
        );
        expect(left.rows).to.deep.equal([]);
      }
      expect(await explainStatement(asOn15, 'select now() where 1 = $1', options)).to.be.an('array');
      expect((await failureOf(explainStatement(asOn15, 'select $1::age', options))).code).to.equal('23502');
      expect((await client.query('select from pg_prepared_statements')).rowCount).to.equal(0);
    } finally {
      await client.end();
    }
  });
});
