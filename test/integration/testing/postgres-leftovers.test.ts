import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { signal } from '../../../lib/testing/processes.js';
import { serverAccount, type Account } from '../../../lib/testing/user.js';
import { canRun, tracesLeft, tracesLeftAfter, type Traces } from './observe.js';

const program = fileURLToPath(new URL('./server-owner.js', import.meta.url));
// The watchdog has to notice, to kill and to remove; it takes about 0.2 s.
const patienceMs = 5000;

interface Owner {
  process: ChildProcess;
  lines: AsyncIterator<string>;
  traces: Traces & { pid: number };
  ended: Promise<number | NodeJS.Signals | null>;
}

const owners = new Set<ChildProcess>();

// A test that failed must not leave its program behind.
function killOwners(): void {
  for (const owner of owners) owner.kill('SIGKILL');
  owners.clear();
}

async function startOwner(end: string, account?: Account): Promise<Owner> {
  const child = spawn(process.execPath, [program, end], {
    ...account,
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', end === 'throw' ? 'ignore' : 'inherit'],
  });
  owners.add(child);
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('exit', (code, signal) => {
      resolve(signal ?? code);
    }),
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value } = await lines.next();
  if (typeof value !== 'string') throw new Error('The program ended before it had started its server');
  return { process: child, lines, traces: JSON.parse(value) as Owner['traces'], ended };
}

describe('When the process that started a server ends', function () {
  this.timeout(60_000);
  afterEach(killOwners);

  for (const [end, status] of [
    ['end', 0],
    ['exit', 3],
    ['throw', 1],
  ] as const) {
    it(`nothing is left after ${end}`, async () => {
      const owner = await startOwner(end);
      expect(await owner.ended).to.equal(status);
      expect(existsSync(owner.traces.folder)).to.equal(false); // already, without the watchdog
      expect(await tracesLeftAfter(patienceMs, owner.traces)).to.deep.equal([]);
    });
  }

  for (const [end, signal] of [
    ['wait', 'SIGKILL'],
    ['busy', 'SIGKILL'],
    ['wait', 'SIGTERM'],
    ['wait', 'SIGINT'],
    ['wait', 'SIGHUP'],
  ] as const) {
    it(`nothing is left after ${signal} to its process group (${end})`, async () => {
      const owner = await startOwner(end);
      expect(tracesLeft(owner.traces)).to.have.length.greaterThan(6);
      process.kill(-(owner.process.pid ?? NaN), signal);
      expect(await owner.ended).to.equal(signal);
      expect(await tracesLeftAfter(patienceMs, owner.traces)).to.deep.equal([]);
    });
  }

  it('nothing is left after SIGKILL with a frozen server', async () => {
    const owner = await startOwner('frozen');
    expect(await owner.lines.next()).to.have.property('value', 'frozen');
    owner.process.kill('SIGKILL');
    expect(await tracesLeftAfter(patienceMs, owner.traces)).to.deep.equal([]);
  });

  it('nothing is left after SIGKILL in the midst of initdb', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'express-db-resilience-test-'));
    chmodSync(folder, 0o711);
    try {
      const child = spawn(process.execPath, [program, 'wait'], {
        env: { ...process.env, TMPDIR: folder },
        stdio: 'ignore',
      });
      owners.add(child);
      const clusters = (): string[] =>
        readdirSync(folder).filter((name) => name.startsWith('express-db-resilience-pg-'));
      while (!clusters().some((name) => existsSync(join(folder, name, 'data/PG_VERSION')))) await sleep(1);
      const [cluster = ''] = clusters();
      const atWork = await programsAtWorkIn(join(folder, cluster));
      expect(atWork).to.have.length.greaterThan(0);
      for (const pid of atWork) signal(pid, 'SIGSTOP'); // else it might end before anybody ends it
      child.kill('SIGKILL');
      const deadline = performance.now() + patienceMs;
      while (clusters().length > 0 && performance.now() < deadline) await sleep(20);
      const left = await programsAtWorkIn(join(folder, cluster));
      for (const pid of left) signal(pid, 'SIGKILL');
      expect(left).to.deep.equal([]);
      expect(clusters()).to.deep.equal([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('Ctrl-C in its terminal ends neither the server nor the watchdog before it', async () => {
    const owner = await startOwner('gracefully');
    expect(await owner.lines.next()).to.have.property('value', 'listening');
    process.kill(-(owner.process.pid ?? NaN), 'SIGINT'); // to the whole group, as a terminal does
    expect(await owner.lines.next()).to.have.property('value', 'still there');
    expect(await owner.ended).to.equal(0);
    expect(await tracesLeftAfter(patienceMs, owner.traces)).to.deep.equal([]);
  });
});

describe('The account under which a server runs', function () {
  this.timeout(60_000);
  afterEach(killOwners);

  it('is never root', async () => {
    const owner = await startOwner('wait');
    const expected = (await serverAccount())?.uid ?? process.getuid?.();
    expect(expected).not.to.equal(0);
    expect(statSync(`/proc/${String(owner.traces.pid)}`).uid).to.equal(expected);
    owner.process.kill('SIGKILL');
    expect(await tracesLeftAfter(patienceMs, owner.traces)).to.deep.equal([]);
  });

  it("is the process's own when that is an ordinary one", async function () {
    const account = await serverAccount();
    if (account !== undefined && !canRun(program, account)) {
      process.stderr.write(
        `NOT TESTED as an ordinary user: user ${String(account.uid)} cannot run ${process.execPath} on ${program}\n`,
      );
      this.skip();
    }
    const owner = await startOwner('end', account);
    expect(await owner.ended).to.equal(0);
    expect(await tracesLeftAfter(patienceMs, owner.traces)).to.deep.equal([]);
  });
});

async function programsAtWorkIn(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${String(pid)}/cmdline`, 'latin1').catch(() => '')),
  );
  return pids.filter((_, at) => commands[at]?.includes(folder));
}
