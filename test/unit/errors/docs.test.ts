import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Kind } from '../../../lib/errors/classification.js';
import { conditions } from '../../../lib/errors/conditions.js';
import type { ErrorCode, UnknownReason } from '../../../lib/errors/errors.js';
import { tableRows } from '../../support/table-rows.js';
import { appendix } from './appendix-a.js';

const errors = readFileSync('docs/errors.md', 'utf8');
const outcomes = readFileSync('docs/commit-outcomes.md', 'utf8');

// Records, so that the compiler asks for a new one.
const codes: Record<ErrorCode, true> = {
  DB_CONFIGURATION: true,
  DB_ACQUIRE_TIMEOUT: true,
  DB_QUERY_TIMEOUT: true,
  DB_DEADLINE_EXCEEDED: true,
  DB_CANCELLED: true,
  DB_CIRCUIT_OPEN: true,
  DB_CONNECTION_LOST: true,
  DB_SHUTTING_DOWN: true,
  DB_COMMIT_OUTCOME_UNKNOWN: true,
  DB_TRANSACTION_ROLLED_BACK: true,
  DB_TRANSACTION_MISUSE: true,
  DB_MIGRATION_REFUSED: true,
  DB_MIGRATION_FAILED: true,
  DB_MIGRATION_LOCKED: true,
};
const reasons: Record<UnknownReason, true> = {
  crash: true,
  failover: true,
  'not-replicated': true,
  'in-progress': true,
  unreachable: true,
  deadline: true,
  'too-old': true,
  'not-verified': true,
  closed: true,
};

describe('docs/errors.md', () => {
  for (const code of Object.keys(codes)) {
    it(`tells what ${code} is, and what to do`, () => {
      expect(tableRows(errors, code)).to.have.length(1);
      expect(errors).to.match(new RegExp(`^\\| \`\\w+Error\` +\\| \`${code}\` +\\|`, 'm'));
    });
  }

  for (const kind of Object.keys(conditions) as Kind[]) {
    it(`tells what ${kind} is, and what it is known by`, () => {
      const rows = tableRows(errors, kind);
      expect(rows).to.have.length(1);
      const [, told = ''] = rows[0] ?? [];
      expect(told).not.to.equal('');
    });
  }

  it('puts no class of SQLSTATE, and no code, with another kind', () => {
    const named: string[] = [];
    for (const kind of Object.keys(conditions)) {
      const [, told = ''] = tableRows(errors, kind)[0] ?? [];
      const said = told.replace(/(?:FATAL|ERROR) 08P01|0A000 of \w+|57014[^;]*/g, '');
      for (const code of said.match(/\b[0-9A-Z]{5}\b(?<=\d.*)/g) ?? []) {
        const row = appendix.find((one) => one.code === code);
        if (row === undefined) continue;
        named.push(code);
        expect(row.kind, code).to.equal(kind);
      }
    }
    expect(named).to.have.length.above(25);
  });

  it('tells the status 503 of exactly the kinds that mean it', () => {
    for (const { code, kind, unavailable } of appendix) {
      const status = tableRows(errors, kind)[0]?.[3] ?? '';
      const means503 = status.startsWith('503') && !status.includes(`not ${code}`);
      expect(means503, code).to.equal(unavailable);
    }
  });
});

describe('docs/commit-outcomes.md', () => {
  for (const reason of Object.keys(reasons)) {
    it(`tells what ${reason} means, and the next step`, () => {
      const rows = tableRows(outcomes, reason);
      expect(rows).to.have.length(1);
      expect(rows[0]).to.have.length(3);
    });
  }
});
