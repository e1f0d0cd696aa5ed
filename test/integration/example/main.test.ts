import { createServer, get } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import pg from 'pg';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually } from '../../support/settle.js';
import { Example } from './run-example.js';

const started = 'Ctrl-C ends the example';

describe('the main example', function () {
  this.timeout(120_000);
  let example: Example;

  function start(env?: Record<string, string | undefined>): Example {
    example = new Example(env);
    return example;
  }

  afterEach(async () => {
    if (example.ended === undefined) {
      example.signal('SIGKILL');
      await example.exits(5000);
    }
    await example.leavesNothing();
  });

  const status = async (path: string) => (await example.get(path)).status;
  const recovers = () => eventually(async () => (await status('/exploits/1')) === 200, 20_000, 'the API answers again');

  it('serves its API, is broken and healed in all its ways, and leaves nothing running', async () => {
    await start().says(started);
    expect(example.ownsDatabase).to.equal(true);

    const list = await example.get('/exploits?limit=3');
    expect(list.status).to.equal(200);
    expect(list.body).to.have.property('exploits').with.length(3);
    const made = await example.post('/exploits', { title: 'A new one', severity: 'high' }, { 'x-user-id': '8' });
    expect(made.status).to.equal(201);
    expect((await example.get(made.headers.get('location') ?? '')).body).to.include({
      title: 'A new one',
      severity: 'high',
    });
    expect(await status('/api/livez')).to.equal(200);
    expect(await status('/api/readyz')).to.equal(200);
    expect((await example.get('/')).body).to.contain('/exploits/7');
    expect(longest(example.output)).to.be.at.most(80);
    expect(example.output).to.match(/Migration applied\n {4}001_initial_schema, \d+ ms\n/);
    expect(example.output).to.contain('Database schema initialized');

    const slow = await example.get('/slow?seconds=30');
    expect(slow.status).to.equal(504);
    expect(slow.body).to.include({ code: 'DB_QUERY_TIMEOUT', outcome: 'rolled-back' });
    expect(await status('/slow?seconds=0')).to.equal(200);

    // Each fault by one of its two doors, and back by the other.
    expect((await example.post('/faults/kill')).body).to.have.nested.property('now.server', 'dead');
    const dead = await example.get('/exploits/1');
    expect(dead.status).to.equal(503);
    expect(dead.headers.get('retry-after')).to.match(/^[12]$/);
    await eventually(async () => (await status('/api/readyz')) === 503, 10_000, 'readiness goes');
    expect(await status('/api/livez')).to.equal(200);
    expect((await example.post('/faults/freeze')).status).to.equal(409);
    example.type('restart');
    await recovers();

    example.type('freeze');
    await example.says('freeze: the server stands still');
    expect(await status('/exploits/1')).to.be.oneOf([503, 504]);
    expect((await example.post('/faults/resume')).status).to.equal(200);
    await recovers();

    for (const word of ['cut', 'blackhole', 'freeze']) {
      expect((await example.post(`/faults/${word}`)).status).to.equal(200);
      expect(await status('/exploits/1'), word).to.be.oneOf([503, 504]);
      example.type('HEAL ');
      await recovers();
    }
    example.type('explode');
    await example.says('"explode" is none of kill, restart');
    await example.says('All is well again');
    expect((await example.get('/faults')).body).to.have.deep.property('now', { server: 'up', network: 'up' });

    example.signal('SIGINT');
    expect(await example.exits(20_000)).to.equal(0);
    expect(example.output).to.match(/Stopped\.\n$/);
    await example.leavesNothing();
  });

  it('takes faults only from this machine', async () => {
    await start().says(started);
    const refused = async (headers: Record<string, string>) =>
      (await example.post('/faults/kill', undefined, headers)).status;
    expect(await refused({ 'x-forwarded-for': '10.0.0.1' })).to.equal(403);
    expect(await refused({ forwarded: 'for=10.0.0.1' })).to.equal(403);
    expect(await refused({ origin: 'https://elsewhere.example' })).to.equal(403);
    // fetch does not let the Host be chosen.
    const rebound = await new Promise<number | undefined>((resolve, reject) => {
      get(`${example.url}/faults`, { headers: { host: 'elsewhere.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
    expect(rebound).to.equal(403);
    expect(await status('/exploits/1')).to.equal(200);
  });

  it('serves on where its input has ended, and ends on SIGTERM', async () => {
    start().endInput();
    await example.says(started);
    expect(await status('/exploits/1')).to.equal(200);
    example.signal('SIGTERM');
    expect(await example.exits(20_000)).to.equal(0);
    await example.leavesNothing();
  });

  it('ends in good order where it is asked while it starts', async () => {
    await start().says('Starting');
    example.signal('SIGINT');
    expect(await example.exits(60_000)).to.equal(0);
    expect(example.output).to.match(/Stopped\.\n$/);
    await example.leavesNothing();
  });

  it('ends in time while its database is frozen and requests wait', async () => {
    await start().says(started);
    const unfinished = connect(Number(new URL(example.url).port), '127.0.0.1', () =>
      unfinished.write('GET / HTTP/1.1\r\n'),
    );
    unfinished.on('error', () => undefined);
    await example.post('/faults/freeze');
    const waiting = status('/slow?seconds=30').catch(() => 0);
    example.signal('SIGINT');
    expect(await example.exits(60_000)).to.equal(0);
    expect(await waiting).to.be.oneOf([503, 504, 0]);
    await example.leavesNothing();
  });

  it('ends at once when it is asked twice', async () => {
    await start().says(started);
    const waiting = status('/slow?seconds=30').catch(() => 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    example.signal('SIGINT');
    await example.says('Stopping');
    example.signal('SIGINT');
    expect(await example.exits(10_000)).to.equal(130);
    expect(await waiting).to.equal(0);
    await example.leavesNothing();
  });

  it('leaves nothing running even where it is killed', async () => {
    await start().says(started);
    example.signal('SIGKILL');
    expect(await example.exits(5000)).to.equal('SIGKILL');
    await example.leavesNothing();
  });

  describe('its port', () => {
    let occupant: Server;
    beforeEach(() => {
      occupant = createServer();
    });
    afterEach(() => {
      occupant.close();
    });

    it('is another one where 3000 is taken, and it says so', async () => {
      // Somebody else may have it already, which serves as well.
      await new Promise((resolve) => {
        occupant.once('error', resolve).listen(3000, '127.0.0.1', () => resolve(undefined));
      });
      await start({ PORT: undefined }).says(started);
      expect(example.output).to.contain('Port 3000 is taken');
      expect(await status('/exploits/1')).to.equal(200);
    });

    it('is the one that was asked for, or none', async () => {
      await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve));
      const { port } = occupant.address() as AddressInfo;
      start({ PORT: String(port) });
      expect(await example.exits(60_000)).to.equal(1);
      expect(example.output)
        .to.contain(`Port ${String(port)} is taken; set PORT`)
        .and.not.to.match(/^\s+at /m);
    });

    it('is a number', async () => {
      start({ PORT: 'http' });
      expect(await example.exits(60_000)).to.equal(1);
      expect(example.output).to.contain('PORT is "http"');
    });
  });

  describe('on the database of DATABASE_URL', () => {
    it('makes its tables in a schema of its own, once, and has no faults to offer', async () => {
      const server = await sharedPostgres();
      const url = new URL(server.connectionString);
      url.pathname = await server.createDatabase();
      for (let turn = 0; turn < 2; turn++) {
        await start({ DATABASE_URL: url.href }).says(started);
        expect(example.ownsDatabase).to.equal(false);
        expect(example.output).to.contain('Faults are not available').and.not.to.contain(server.password);
        expect((await example.get('/exploits/recent')).body).to.have.length(100);
        expect((await example.post('/faults/kill')).status).to.equal(409);
        example.type('kill');
        example.signal('SIGINT');
        expect(await example.exits(20_000)).to.equal(0);
      }
    });

    it('is filled once by two that start at once, and both serve', async () => {
      const server = await sharedPostgres();
      const url = new URL(server.connectionString);
      url.pathname = await server.createDatabase();
      const both = [start({ DATABASE_URL: url.href }), start({ DATABASE_URL: url.href })];
      try {
        for (const one of both) {
          await one.says(started);
          expect((await one.get('/exploits/7')).status).to.equal(200);
          expect((await one.get('/exploits/2001')).status).to.equal(404);
          expect((await one.get('/sources/health')).body).to.have.length(11);
          expect((await one.get('/api/readyz')).body).to.deep.equal({ status: 'ready' });
        }
        const initialized = both.filter(({ output }) => output.includes('Database schema initialized'));
        const found = both.filter(({ output }) => output.includes('Database schema is up to date'));
        expect([initialized.length, found.length]).to.deep.equal([1, 1]);
      } finally {
        for (const one of both) one.signal('SIGINT');
      }
      for (const one of both) expect(await one.exits(20_000)).to.equal(0);
    });

    it('is touched in that schema only, with the settings that the URL asks for', async () => {
      const server = await sharedPostgres();
      const url = new URL(server.connectionString);
      url.pathname = await server.createDatabase();
      const client = new pg.Client(url.href);
      await client.connect();
      try {
        await client.query(`create role platform; grant create on database ${url.pathname.slice(1)} to platform`);
        url.searchParams.set('options', '-c role=platform');
        await start({ DATABASE_URL: url.href }).says(started);
        const { rows } = await client.query(
          `select relnamespace::regnamespace::text as schema, relowner::regrole::text as owner, count(*)::integer as tables
           from pg_class where relkind = 'r' and relnamespace::regnamespace::text !~ '^(pg_|information_schema)' group by 1, 2`,
        );
        // The history, and the nine.
        expect(rows).to.deep.equal([{ schema: 'express_db_resilience_example', owner: 'platform', tables: 10 }]);
        expect(longest(example.output)).to.be.at.most(80);
        example.signal('SIGINT');
        expect(await example.exits(20_000)).to.equal(0);
      } finally {
        await client.query('drop owned by platform cascade; drop role platform');
        await client.end();
      }
    });

    it('says so where it may not make them, and is not ready', async () => {
      const server = await sharedPostgres();
      const url = new URL(server.connectionString);
      url.pathname = await server.createDatabase();
      await server.query(`create role visitor login password 'visitor'`);
      url.username = 'visitor';
      url.password = 'visitor';
      await start({ DATABASE_URL: url.href }).says(started);
      await example.says('The schema could not be brought up to date');
      expect(example.output).to.match(/the\s+role\s+needs\s+CREATE\s+on/);
      expect((await example.get('/api/readyz')).body).to.deep.equal({ status: 'not_ready', reason: 'schema_failed' });
      const missing = await example.get('/exploits/7');
      expect(missing.status).to.equal(503);
      expect(missing.body).to.have.property('error').that.contains('the schema is not there yet');
      example.signal('SIGINT');
      expect(await example.exits(20_000)).to.equal(0);
      await server.query('drop role visitor');
    });

    it('serves 503 until it can be reached', async () => {
      await start({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' }).says(started);
      expect((await example.get('/api/readyz')).body).to.deep.equal({
        status: 'not_ready',
        reason: 'database_unreachable',
      });
      const { body } = await example.get('/exploits/1');
      expect(body).to.include({ status: 503 });
      expect(body).to.have.property('code').that.is.oneOf(['DB_CONNECTION_LOST', 'DB_CIRCUIT_OPEN']);
      example.signal('SIGINT');
      expect(await example.exits(20_000)).to.equal(0);
    });

    it('says what is wrong with the URL, without showing it', async () => {
      start({ DATABASE_URL: 'mysql://me:hunter2@localhost/x' });
      expect(await example.exits(60_000)).to.equal(1);
      expect(example.output)
        .to.contain('DATABASE_URL')
        .and.not.to.match(/hunter2|^\s+at /m);
    });
  });
});

function longest(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length));
}
