import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import pg from 'pg';
import { startPostgres, type PostgresServer } from '../../../lib/testing/index.js';
import { processTree } from '../../../lib/testing/processes.js';
import { runStatement } from '../../../lib/testing/statement.js';
import { connect, dialResult, lost, rejection } from './observe.js';

describe('startPostgres', () => {
  let server: PostgresServer;

  before(async () => {
    server = await startPostgres({ tls: true, maxConnections: 23, settings: { log_line_prefix: "it's\\%m " } });
  });

  after(async () => {
    await server.stop();
  });

  beforeEach(() => server.start());

  const connected = (): Promise<pg.Client> => connect({ connectionString: server.connectionString });

  it('runs a real server whose number it knows', async () => {
    const [row] = await server.query<{ number: string }>("select current_setting('server_version_num') as number");
    expect(Math.floor(Number(row?.number) / 10_000)).to.equal(server.version);
    expect(process.env.TEST_POSTGRES === 'system' || server.version >= 17).to.equal(true);
  });

  it('takes settings, and does without fsync', async () => {
    const rows = await server.query<{ name: string; setting: string }>(
      'select name, setting from pg_settings where name = any($1) order by name',
      [['fsync', 'max_connections', 'server_encoding', 'TimeZone', 'unix_socket_directories']],
    );
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).to.deep.equal({
      fsync: 'off',
      max_connections: '23',
      server_encoding: 'UTF8',
      TimeZone: 'UTC',
      unix_socket_directories: '',
    });
    expect(await server.query('show log_line_prefix')).to.deep.equal([{ log_line_prefix: "it's\\%m " }]);
  });

  it('wants the password', async () => {
    const { host, port, user, database } = server;
    const wrong = await rejection(connect({ host, port, user, database, password: 'wrong' }));
    expect(wrong).to.have.property('code', '28P01');
  });

  it('does not show the password when it is printed', () => {
    const shown = inspect(server, { depth: 10, showHidden: true }) + JSON.stringify(server);
    expect(shown).not.to.include(server.password);
    expect(server.connectionString).to.include(server.password);
  });

  it('offers TLS with a certificate that names localhost and 127.0.0.1', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      const { port, user, password, database } = server;
      const client = await connect({ host, port, user, password, database, ssl: { ca: server.tlsCertificate ?? '' } });
      const { rows } = await client.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
      await client.end();
      expect(rows).to.deep.equal([{ ssl: true }]);
    }
  });

  it('makes databases', async () => {
    const name = await server.createDatabase();
    const odd = await server.createDatabase('odd " name');
    expect(odd).to.equal('odd " name');
    const { host, port, user, password } = server;
    const client = await connect({ host, port, user, password, database: name });
    expect((await client.query('select current_database() as name')).rows).to.deep.equal([{ name }]);
    await client.end();
  });

  it('kills all of its processes and starts again with the data, on the same port', async () => {
    await server.query('create table kept as select 1 as n');
    const client = await connected();
    const gone = lost(client);
    const { port, pid } = server;
    const tree = processTree(pid ?? 0);
    expect(tree).to.have.length.greaterThan(5);

    await server.kill();
    expect(tree.flatMap((entry) => processTree(entry.pid))).to.deep.equal([]);
    expect(server.pid).to.equal(undefined);
    await gone;
    expect(await dialResult(port)).to.equal('ECONNREFUSED');
    await server.kill();

    await server.start();
    expect(server.port).to.equal(port);
    expect(server.pid).not.to.equal(pid);
    expect(await server.query('select n from kept')).to.deep.equal([{ n: 1 }]);
    expect(await server.log()).to.include('was not properly shut down');
    await server.query('drop table kept');
  });

  it('starts again after others have killed it, once the last of its processes is gone', async () => {
    const client = await connected();
    const gone = lost(client);
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const backend = rows[0]?.pid ?? NaN;
    process.kill(backend, 'SIGSTOP'); // it does not notice that its parent is gone
    process.kill(server.pid ?? NaN, 'SIGKILL');
    while (server.pid !== undefined) await sleep(2);
    const since = (await server.log()).length;
    const started = server.start();
    while (!(await server.log()).slice(since).includes('shared memory block')) await sleep(5);
    process.kill(backend, 'SIGCONT');
    await started;
    await gone;
    expect(await server.query('select 1 as n')).to.deep.equal([{ n: 1 }]);
  });

  it('freezes every process, and goes on where it stood', async () => {
    const busy = await connected();
    const done = busy.query("select pg_sleep(0.3), 'done' as how");
    const idle = await connected();
    await server.freeze();
    await server.freeze();
    const states = processTree(server.pid ?? 0).map(({ state }) => state);
    expect(new Set(states)).to.deep.equal(new Set(['T']));
    expect(states).to.have.length.greaterThan(6);

    let answered = false;
    const answer = idle.query('select 1').then(() => (answered = true));
    const dialled = connected();
    // The kernel still accepts; the server does not answer.
    expect(await dialResult(server.port)).to.equal('connected');
    await sleep(500);
    expect(answered).to.equal(false);

    await server.resume();
    await server.resume();
    await answer;
    const { rows } = await done;
    expect(rows).to.have.nested.property('[0].how', 'done');
    const late = await dialled;
    await Promise.all([busy.end(), idle.end(), late.end()]);
  });

  it('freezes processes that come to be while it freezes', async () => {
    const clients: Promise<unknown>[] = [];
    for (let n = 0; n < 15; n++) clients.push(connected().catch((error: unknown) => error));
    await server.freeze();
    const before = processTree(server.pid ?? 0).map(({ pid, state }) => `${String(pid)} ${state}`);
    await sleep(200);
    const after = processTree(server.pid ?? 0).map(({ pid, state }) => `${String(pid)} ${state}`);
    expect(after).to.deep.equal(before);
    expect(after.every((entry) => entry.endsWith('T'))).to.equal(true);
    await server.resume();
    for (const client of await Promise.all(clients)) {
      if (client instanceof pg.Client) await client.end();
    }
  });

  it('can be killed while it is frozen', async () => {
    const client = await connected();
    const gone = lost(client);
    await server.freeze();
    const tree = processTree(server.pid ?? 0);
    await server.kill();
    await gone;
    expect(tree.flatMap((entry) => processTree(entry.pid))).to.deep.equal([]);
    await server.start();
  });

  it('says what it cannot do, and why', async () => {
    await server.freeze();
    expect(await rejection(server.start()))
      .to.have.property('message')
      .that.includes('is frozen and cannot start');
    expect(await rejection(server.shutdown()))
      .to.have.property('message')
      .that.includes('cannot shut down');
    await server.kill();
    expect(await rejection(server.freeze()))
      .to.have.property('message')
      .that.includes('start() it first');
    expect(await rejection(server.resume()))
      .to.have.property('message')
      .that.includes('is down');
    await server.shutdown();
  });

  for (const mode of ['fast', 'immediate'] as const) {
    it(`restarts in mode ${mode}`, async () => {
      const { pid, port } = server;
      const client = await connected();
      const gone = lost(client);
      const since = (await server.log()).length;
      await server.restart({ mode });
      await gone;
      expect(server.pid).not.to.equal(pid);
      expect(server.port).to.equal(port);
      expect((await server.log()).slice(since)).to.include(`received ${mode} shutdown request`);
    });
  }

  it('lets clients finish in mode smart', async () => {
    const client = await connected();
    const down = server.shutdown('smart');
    expect((await client.query("select pg_sleep(0.3), 'done' as how")).rows).to.have.nested.property('[0].how', 'done');
    await client.end();
    await down;
    expect(server.pid).to.equal(undefined);
  });

  it('kills at once, without waiting for a shutdown that is under way', async () => {
    const client = await connected();
    const down = server.shutdown('smart'); // waits for the client
    await sleep(50);
    const begun = performance.now();
    await server.kill();
    expect(performance.now() - begun).to.be.below(4000);
    await down;
    await client.end();
  });

  it('does what it is told in the order in which it is told', async () => {
    await Promise.all([
      server.kill(),
      server.start(),
      server.restart(),
      server.freeze(),
      server.kill(),
      server.start(),
    ]);
    expect(await server.query('select 1 as n')).to.deep.equal([{ n: 1 }]);
  });

  it('gives up a statement that gets no answer, connected or not', async () => {
    const { host, port, user, password, database } = server;
    const login = { host, port, user, password, database };
    const asleep = rejection(runStatement(login, 'select pg_sleep(60)', [], 300));
    expect(await asleep)
      .to.have.property('message')
      .that.includes('did not answer within 300 ms');
    await server.freeze();
    const begun = performance.now();
    expect(await rejection(runStatement(login, 'select 1', [], 300)))
      .to.have.property('message')
      .that.includes('300 ms');
    expect(performance.now() - begun).to.be.within(290, 1200);
    await server.resume();
  });
});
