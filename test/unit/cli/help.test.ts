import { expect } from 'chai';
import { run } from '../../../lib/cli/run.js';
import { connectTo } from './fixtures.js';
import { fakeTerminal } from './fake-terminal.js';

const onDatabase = ['status', 'verify', 'plan', 'rehearse', 'up', 'down', 'to', 'repair'];
const ofDatabase = [
  '--dir <dir>',
  '--url <url>',
  '--json',
  '--table <name>',
  '--lock-timeout <ms>',
  '--lock-retry <ms>',
  '--statement-timeout <ms>',
  '--wait <ms>',
  '--accept-pooler',
  '--out-of-order',
];
const own: Record<string, string[]> = {
  plan: ['--strict'],
  repair: ['--as <state>'],
  create: ['--pair', '--dir <dir>', '--json'],
};

async function help(...argv: string[]): Promise<string> {
  const terminal = fakeTerminal();
  expect(await run([...argv, '--help'], terminal, connectTo())).to.equal(0);
  expect(terminal.stderr.text).to.equal('');
  return terminal.stdout.text;
}

describe('--help', () => {
  it('lists the commands', async () => {
    const text = await help('migrate');
    for (const command of [...onDatabase, 'create']) expect(text).to.match(new RegExp(`^  ${command} .*\\S$`, 'm'));
    for (const line of text.split('\n')) expect(line.length, line).to.be.at.most(80);
    expect(await help()).to.match(/^ {2}migrate .*\S$/m);
  });

  for (const command of [...onDatabase, 'create']) {
    it(`of ${command} tells every option, examples and exit codes, in 80 columns`, async () => {
      const text = await help('migrate', command);
      const expected = [...(command === 'create' ? [] : ofDatabase), ...(own[command] ?? [])];
      const options = text
        .match(/^ {2}(--\S+(?: <\S+>)?) {2,}\S/gm)
        ?.map((line) => line.trim().replace(/ {2,}\S$/, ''));
      expect(options).to.have.members(expected);
      for (const part of ['Usage:', '\nExamples:\n', '\nExit codes:\n']) expect(text).to.include(part);
      for (const line of text.split('\n')) expect(line.length, line).to.be.at.most(80);
    });
  }

  for (const command of onDatabase) {
    it(`of ${command} tells defaults, the environment, and who can see a password`, async () => {
      const text = (await help('migrate', command)).replace(/\s+/g, ' ');
      for (const value of ['"migrations"', '500', '120000', '900000', '60000', 'public.db_resilience_migrations']) {
        expect(text).to.include(`(default: ${value})`);
      }
      for (const name of ['MIGRATION_URL', 'DATABASE_URL', 'PGPASSWORD', 'PGPASSFILE', 'NO_COLOR', 'Ctrl-C']) {
        expect(text).to.include(name);
      }
      expect(text).to.include('Other users of this machine can see a command line, and with it a password in --url.');
    });
  }

  it('prints the version', async () => {
    const terminal = fakeTerminal();
    expect(await run(['--version'], terminal)).to.equal(0);
    expect(terminal.stdout.text).to.match(/^\d+\.\d+\.\d+\n$/);
  });
});
