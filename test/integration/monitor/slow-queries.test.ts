import { expect } from 'chai';
import pg from 'pg';
import { silentLogger } from '../../../lib/core/logger.js';
import { Statements } from '../../../lib/core/sql/statements.js';
import { Explainer } from '../../../lib/monitor/explain.js';
import { SlowQueries } from '../../../lib/monitor/slow-queries.js';
import { eventually } from '../../support/settle.js';
import { testDatabase } from '../compat/test-database.js';
import { inspectByClient } from './inspect-by-client.js';

describe('SlowQueries with an Explainer', () => {
  const statements = new Statements();
  const lines: Record<string, unknown>[] = [];
  const logger = { ...silentLogger, warn: (fields: object) => void lines.push({ ...fields }) };
  let client: pg.Client;
  let explainer: Explainer;
  let slow: SlowQueries;

  before(async () => {
    const { connectionString } = await testDatabase();
    client = new pg.Client({ connectionString });
    await client.connect();
    await client.query(
      `create table person (id int primary key, name text, card numeric, born date, tags text[], doc jsonb);
      create index person_partial on person (name) where name <> 'secret-in-schema';
      create view adults as select * from person where born < date '1999-12-31' and name <> 'secret-in-view'`,
    );
    explainer = new Explainer({ inspect: inspectByClient(connectionString), logger, name: 'main' });
  });
  beforeEach(() => {
    slow = new SlowQueries({ thresholdMs: 0, logger, name: 'main', explainer });
  });
  afterEach(() => {
    slow.close();
  });
  after(async () => {
    explainer.close();
    await client.end();
  });

  const condition = `name = 'secret-a' and name <> E'secret-\\'b' and card > 731973.19 and tags && array['secret-c', 'x']
    and doc @> '{"k": "secret-d"}' and born > '1973-07-31' /* secret-e */ and name <> $$secret-f$$ -- secret-g
    and id in (7319, 7320)`;
  const telling = [
    `select id, 'secret-h' || name from person where ${condition}`,
    `select max(id) filter (where name = 'secret-i') from adults where ${condition} group by name || 'secret-j'
      having max(name) > 'secret-k' order by coalesce(max(name), 'secret-l')`,
    `select * from person a left join person b on a.name || 'secret-m' = b.name and b.card > 731973 and a.name = E'secret\\'z'`,
    `select * from generate_series(731973, 731974) n, json_each('{"secret-n": 1}') where n > 731973`,
    `select *, row_number() over (partition by name || 'secret-o' order by card + 731973) from person`,
    `with one as materialized (select 'secret-p' as a) select * from one where a in (select name from person where ${condition})`,
    `select * from person where id = (select max(id) from person where name = 'secret-q') and 'secret-r' = current_user`,
    `insert into person (id, name) values (7319, 'secret-s') on conflict (id) do update set name = 'secret-t' where person.name <> 'secret-u'`,
    `update person set name = 'secret-v', card = 731973 where ${condition}`,
    `delete from person using adults where adults.id = person.id and person.name = 'secret-w'`,
    `select * from person where name like 'secret-x%' and name ~ 'secret-y' and (id, name) > (7319, 'secret-z')`,
    `select * from person where name = 'secret-in-call' and name = $1 and id = any($2)`,
    `values ('secret', 731973), ('secret-2', 731974)`,
    `select * from person tablesample system (73.19) repeatable (731973)`,
    `select * from xmltable('/secret' passing ('<secret/>'::xml) columns a text path 'secret')`,
    `select * from person where ctid = '(7319,1)' or ctid = '(7320,1)'`,
  ];

  for (const text of telling) {
    it(`shows nothing of the values in: ${text.slice(0, 60)}`, async () => {
      lines.length = 0;
      slow.take(statements.of(text), text, { requestId: undefined, rows: 0 }, 1500, undefined);
      await eventually(() => lines.length === 1, 8000, 'the line is written');
      const shown = JSON.stringify([lines, slow.list(1)], (key, value: unknown) =>
        // Of EXPLAIN's own reckoning, and chance.
        /Cost|Rows|Width|fingerprint|^at$/.test(key) ? undefined : value,
      );
      expect(lines[0]!.plan, 'a plan').to.be.an('array');
      expect(shown).to.contain('Node Type');
      expect(shown.replaceAll('xmltable', '')).to.not.match(/secret|7319|7320|1973|1999|74/);
      expect(slow.list(1)[0]!.plan).to.deep.equal(lines[0]!.plan);
    });
  }

  it('logs at once with the plan that is known', async () => {
    const text = telling[0]!;
    lines.length = 0;
    slow.take(statements.of(text), text, { requestId: 'r', rows: 0 }, 1500, undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines[0]).to.deep.include({ request_id: 'r', plan: slow.list(1)[0]!.plan });
  });
});
