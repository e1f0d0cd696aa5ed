import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { Command } from 'commander';
import type { Cli } from '../../../lib/cli/cli.js';
import { exitCodes } from '../../../lib/cli/exit-codes.js';
import { addMigrate } from '../../../lib/cli/migrate/migrate.js';
import type { MigrationRefusal } from '../../../lib/errors/migration-errors.js';
import { rules } from '../../../lib/migrate/lint/rules/index.js';
import { readParts } from '../../../lib/migrate/parts.js';
import type { MigrationEvent, MigrationStateName } from '../../../lib/migrate/reports.js';
import { readStatements } from '../../../lib/migrate/statements.js';
import { tableRows } from '../../support/table-rows.js';

const guide = readFileSync('docs/migrations.md', 'utf8');

// Records, so that the compiler asks for a new one.
const reasons: Record<MigrationRefusal, true> = {
  directory: true,
  'file-unreadable': true,
  'file-name': true,
  encoding: true,
  markers: true,
  'duplicate-version': true,
  gap: true,
  empty: true,
  syntax: true,
  'transaction-control': true,
  'needs-no-transaction': true,
  'unnamed-index': true,
  'psql-command': true,
  'copy-from-stdin': true,
  'unknown-version': true,
  'no-way-down': true,
  edited: true,
  vanished: true,
  'out-of-order': true,
  'newer-database': true,
  unfinished: true,
  history: true,
  'not-as-said': true,
  pooler: true,
  'read-only': true,
};
const events: Record<MigrationEvent['kind'], true> = {
  waiting: true,
  locked: true,
  'history-created': true,
  begun: true,
  statement: true,
  'statement-done': true,
  'table-locked': true,
  recorded: true,
  done: true,
  unlocked: true,
};
const wrongStates: Record<Exclude<MigrationStateName, 'applied' | 'pending'>, true> = {
  unfinished: true,
  edited: true,
  vanished: true,
};

const unused = (): never => {
  throw new Error('No command is run here');
};
const cli: Cli = {
  terminal: { stdout: { write: unused }, stderr: { write: unused }, env: {} },
  connect: unused,
  print: unused,
  fail: unused,
};

function migrateCommands(): readonly Command[] {
  const program = new Command();
  addMigrate(program, cli);
  return program.commands[0]?.commands ?? [];
}

/** The names in the first cells of the tables whose first heading this is. */
function firstCells(heading: string): string[] {
  const tables = guide.matchAll(new RegExp(`^\\| ${heading} +\\|.*\\n((?:\\|.*\\n)+)`, 'gm'));
  return [...tables].flatMap(([, table = '']) => [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, name = '']) => name));
}

const blocks = [...guide.matchAll(/^```sql\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);

describe('docs/migrations.md', () => {
  for (const name of new Set(rules.map((rule) => rule.name))) {
    it(`tells what ${name} does to a live database, and the safe way`, () => {
      const rows = tableRows(guide, name);
      expect(rows).to.have.length(1);
      expect(rows[0]).to.have.length(3);
      expect(rows[0]).not.to.include('');
    });
  }

  it('tells of no other rule', () => {
    expect(firstCells('rule')).to.have.members([...new Set(rules.map(({ name }) => name))]);
  });

  for (const reason of Object.keys(reasons)) {
    it(`tells when ${reason} comes, and what to do`, () => {
      const rows = tableRows(guide, reason);
      expect(rows).to.have.length(1);
      expect(rows[0]).to.have.length(3);
      expect(rows[0]).not.to.include('');
    });
  }

  it('tells of no other reason', () => {
    expect(firstCells('reason')).to.have.members(Object.keys(reasons));
  });

  it('tells of each state that is wrong', () => {
    for (const state of Object.keys(wrongStates)) expect(guide).to.include(`\`${state}\``);
  });

  it('names each event', () => {
    const [row] = tableRows(guide, 'onProgress');
    expect([...(row?.[1] ?? '').matchAll(/`([\w-]+)`/g)].map(([, name]) => name)).to.have.members(Object.keys(events));
  });

  it('tells of each command, and of no other', () => {
    const told = firstCells('command').filter((name) => !name.includes('--as'));
    expect(told.map((text) => text.split(' ')[0])).to.have.members(migrateCommands().map((command) => command.name()));
  });

  it('tells of each option that the commands have in common, and its default', () => {
    const up = migrateCommands().find((command) => command.name() === 'up');
    const options = up?.options ?? [];
    expect(firstCells('option').filter((name) => name.startsWith('--'))).to.have.members(
      options.map(({ flags }) => flags),
    );
    for (const { flags, description } of options) {
      const [, value] = /default: (\d+)\)/.exec(description) ?? [];
      if (value !== undefined) expect(tableRows(guide, flags)[0]?.[2], flags).to.equal(value);
    }
  });

  it('names the options that single commands have beside them', () => {
    const common = new Set(
      migrateCommands()
        .find((command) => command.name() === 'up')
        ?.options.map(({ long }) => long),
    );
    for (const command of migrateCommands())
      for (const { long } of command.options)
        if (!common.has(long)) expect(guide, command.name()).to.include(`${long ?? ''}`);
  });

  it('tells of each exit code, and of no other', () => {
    expect(firstCells('exit code')).to.have.members(Object.values(exitCodes).map(String));
  });

  it('has examples of migrations that are taken', async () => {
    const file = { file: '001_example.sql', version: 1, label: '001', name: 'example', holds: 'both' } as const;
    let taken = 0;
    for (const block of blocks) {
      // A marker alone is shown for its options.
      if (block.trim().split('\n').length === 1) continue;
      const { up, down } = readParts(block, file);
      for (const part of [up, down]) if (part !== undefined) taken += (await readStatements(part)).length;
    }
    expect(taken).to.be.at.least(7);
  });
});
