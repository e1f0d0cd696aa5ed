import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { testDatabase, type TestDatabase } from '../test-database.js';
import { mainSubjects } from './subjects.js';

interface Ending {
  /** null: it had to be killed. */
  code: number | null;
  stdout: string;
  stderr: string;
  ms: number;
}

for (const [index, subject] of mainSubjects.entries()) {
  const ours = subject.resilient;

  describe(`a process with a pool: ${subject.name}`, () => {
    let database: TestDatabase;

    before(async () => {
      database = await testDatabase();
    });

    function run(scenario: string, timeoutMs = 15_000): Promise<Ending> {
      const program = fileURLToPath(new URL('./program.js', import.meta.url));
      const started = performance.now();
      return new Promise((resolve) => {
        const child = execFile(
          process.execPath,
          [program, scenario, String(index), database.connectionString],
          { timeout: timeoutMs, killSignal: 'SIGKILL' },
          (_error, stdout, stderr) =>
            resolve({ code: child.exitCode, stdout, stderr, ms: performance.now() - started }),
        );
      });
    }

    it('ends by itself at once where allowExitOnIdle is true', async () => {
      const { code, stdout, ms } = await run('allowExitOnIdle');
      expect([code, stdout]).to.deep.equal([0, 'done']);
      expect(ms, 'the idle time-out is 10 s').to.be.below(8000);
    });

    it('ends by itself when its idle connections have been closed', async () => {
      const { code, stdout } = await run('min: 0');
      expect([code, stdout]).to.deep.equal([0, 'done']);
    });

    it(`${ours ? 'does not end' : 'ends'} by itself where min is not given`, async () => {
      const { code, stdout } = await run('default min', 4000);
      expect([code, stdout]).to.deep.equal([ours ? null : 0, 'done']);
    });

    for (const [what, scenario] of [
      ['an idle connection', 'idle death'],
      ['a connection that is lent', 'lent death'],
    ] as const) {
      it(`${ours ? 'lives on' : 'crashes'} when ${what} dies and nobody listens to 'error'`, async () => {
        const { code, stdout, stderr } = await run(scenario);
        expect([code, stdout]).to.deep.equal(ours ? [0, 'alive'] : [1, '']);
        if (!ours) expect(stderr).to.include('terminating connection due to administrator command');
      });
    }

    describe('that goes on after an uncaught exception', () => {
      it('has its next statement answered after callbacks that threw', async () => {
        const { code, stdout } = await run('callback that throws');
        expect(code).to.equal(0);
        // pg.Pool closes the connection, in whose last words a listener may fail once more.
        if (ours) expect(stdout).to.equal('[{"n":1}], 2 caught');
        else expect(stdout).to.include('[{"n":1}]');
      });

      it('has every call told that it waited too long, after callbacks that threw when they were told', async () => {
        const { code, stdout } = await run('connect callbacks that throw');
        expect([code, stdout]).to.deep.equal([0, 'told, 3 caught']);
      });

      for (const [what, scenario] of [
        ['a callback that threw', 'callback that throws on a client'],
        ['a listener that threw', 'listener that throws'],
        ["a Query's listener that threw", 'listener of a Query that throws'],
        ["a Query's error that nobody listened to", 'Query whose error nobody listens to'],
      ] as const) {
        it(`${ours ? 'has' : 'does not have'} the next statement on a client answered after ${what}`, async () => {
          const { code, stdout } = await run(scenario);
          expect(code).to.equal(0);
          if (ours) expect(stdout).to.match(/^\[\{"n":1\}\], [13] caught$/);
          else expect(stdout).not.to.include('[{"n":1}]');
        });
      }
    });

    it(`is ${ours ? 'not warned' : 'warned'} of several statements at once on one client`, async () => {
      const { code, stdout, stderr } = await run('statements at once');
      expect([code, stdout]).to.deep.equal([0, 'done']);
      expect(stderr.includes('DeprecationWarning: Calling client.query()')).to.equal(!ours);
    });
  });
}
