import { expect } from 'chai';
import type pg from 'pg';
import { classify, type Kind } from '../../lib/errors/classify.js';
import { startPostgres, type PostgresServer } from '../../lib/testing/index.js';
import { appendix } from '../unit/errors/appendix-a.js';
import { losses } from './classes/losses.js';
import { pooled } from './classes/pooled.js';
import { refusals } from './classes/refusals.js';
import { Rig, type Row } from './classes/rig.js';
import { statements } from './classes/statements.js';
import { strangers } from './classes/strangers.js';
import { victims } from './classes/victims.js';
import { findPgBouncer } from '../support/pgbouncer.js';

const tables: [what: string, rows: Row[]][] = [
  ['a statement that the server refuses', statements],
  ['a connection that cannot be had', refusals],
  ['a connection that is lost, ended or misused', losses],
  ['what is no PostgreSQL', strangers],
  ['a pooler', pooled],
];

async function expectRow(rig: Rig, row: Row): Promise<void> {
  const { told, phase = 'statement', kind, retry = 'never', outcome = 'rolled-back' } = row;
  const { circuit = false, unavailable = false, hopeless = false } = row;
  const error = (await row.produce(rig)) as Error & { code?: string };
  const said = error.code ?? error.message;
  if (typeof told === 'string') expect(said, String(error)).to.equal(told);
  else expect(said, String(error)).to.match(told);
  const { advice, ...classification } = classify(error, phase);
  expect(classification).to.deep.equal({ kind, retry, countsAgainstCircuit: circuit, outcome, unavailable, hopeless });
  expect(advice !== undefined).to.equal(hopeless);
}

describe('each class of error, as a server, the network or pg tells it', () => {
  let server: PostgresServer;
  let rig: Rig;

  before(async () => {
    server = await startPostgres({ tls: true });
    rig = new Rig(server);
  });
  after(() => server.stop());
  afterEach(() => rig.close());

  for (const [what, rows] of tables) {
    describe(what, () => {
      for (const row of rows) {
        it(`${row.name}: ${row.kind}`, async function () {
          if (row.since !== undefined && server.version < row.since) this.skip();
          if (row.pooled === true && findPgBouncer() === undefined) {
            console.error(`SKIPPED: pgbouncer is not installed, so it is not shown that it says ${row.name}`);
            this.skip();
          }
          await expectRow(rig, row);
        });
      }
    });
  }

  // Most of them no statement can be made to give here. PostgreSQL sends them all the same, in this way.
  it('every code of the appendix, raised by a function', async () => {
    const client = await rig.open();
    for (const { code, kind, statement, afterError } of appendix) {
      if (code === '00000') continue; // refused by RAISE: it is no error
      const error = await rig.failure(
        client.query(`do $$ begin raise exception 'x' using errcode = '${code}'; end $$`),
      );
      expect((error as pg.DatabaseError).code).to.equal(code);
      const classification = classify(error, 'statement');
      expect(classification, code).to.include({ kind, retry: statement, outcome: afterError });
    }
  });
});

describe('each class of error, of a server that is shut down or damaged', () => {
  let victim: PostgresServer;
  let rig: Rig;

  before(async () => {
    victim = await startPostgres();
    rig = new Rig(victim);
  });
  after(() => victim.stop());
  afterEach(() => rig.close());

  for (const row of victims) it(`${row.name}: ${row.kind}`, () => expectRow(rig, row));
});

describe('the tables of errors', () => {
  const rows = [...tables.flatMap(([, some]) => some), ...victims];

  it('produce every kind', () => {
    const kinds: Record<Kind, true> = {
      unreachable: true,
      'connection-lost': true,
      'server-shutting-down': true,
      'server-starting': true,
      'too-many-connections': true,
      pooler: true,
      authentication: true,
      'unknown-database': true,
      tls: true,
      configuration: true,
      serialization: true,
      deadlock: true,
      'lock-timeout': true,
      'read-only': true,
      'stale-plan': true,
      timeout: true,
      cancelled: true,
      constraint: true,
      data: true,
      syntax: true,
      permission: true,
      'transaction-state': true,
      raised: true,
      unsupported: true,
      resource: true,
      internal: true,
      'shutting-down': true,
      'circuit-open': true,
      caller: true,
      other: true,
    };
    const produced = new Set(rows.map(({ kind }) => kind));
    expect(Object.keys(kinds).filter((kind) => !produced.has(kind as Kind))).to.deep.equal([]);
  });

  it('produce every class of SQLSTATE, but those that nothing makes a server give', () => {
    const never: Record<string, string> = {
      '00': 'no error',
      '01': 'warnings come as notices',
      '02': 'a condition for PL/pgSQL',
      '03': 'of embedded SQL',
      '09': 'of the standard only',
      '0B': 'of the standard only',
      '0F': 'of the standard only',
      '0P': 'needs a role that is dropped meanwhile',
      '10': 'of XQuery',
      '38': 'of functions in other languages',
      '72': 'gone since 17',
      F0: 'the server does not start with it',
      HV: 'of foreign data wrappers, which the embedded server has not',
    };
    const produced = new Set(
      rows.map(({ told }) => (typeof told === 'string' && told.length === 5 ? told.slice(0, 2) : '')),
    );
    const classes = new Set(appendix.map(({ code }) => code.slice(0, 2)));
    expect([...classes].filter((one) => !produced.has(one)).sort()).to.deep.equal(Object.keys(never).sort());
  });
});
