import type { Connect, Migrations } from '../../../lib/cli/migrate/connect.js';
import type { MigrationPlan, MigrationRun, MigrationState, MigrationStatus } from '../../../lib/migrate/reports.js';

export function state(version: number, given: Partial<MigrationState> = {}): MigrationState {
  const isPending = given.state === 'pending';
  return {
    version,
    label: String(version).padStart(3, '0'),
    name: 'create_users',
    state: 'applied',
    applied_at: isPending ? null : '2026-11-26T14:03:22.123Z',
    applied_by: isPending ? null : 'postgres (deploy)',
    duration_ms: isPending ? null : 1234,
    transaction: true,
    has_way_down: true,
    ...given,
  };
}

export function status(migrations: MigrationState[], problems: MigrationStatus['problems'] = []): MigrationStatus {
  const applied = migrations.filter((one) => one.state !== 'pending');
  return {
    table: 'public.db_resilience_migrations',
    version: Math.max(0, ...applied.map(({ version }) => version)),
    newest: Math.max(0, ...migrations.map(({ version }) => version)),
    pending: migrations.length - applied.length,
    migrations,
    problems,
  };
}

export const plan: MigrationPlan = {
  from: 1,
  to: 2,
  steps: [
    {
      version: 2,
      label: '002',
      name: 'add_index',
      direction: 'up',
      file: '002_add_index.sql',
      transaction: true,
      statements: [
        { line: 2, column: 1, tag: 'ALTER TABLE', statement: 'alter table users add column email text' },
        { line: 14, column: 1, tag: 'CREATE INDEX', statement: 'create index on users (email)' },
      ],
    },
  ],
  warnings: [
    {
      rule: 'index-not-concurrently',
      version: 2,
      direction: 'up',
      file: '002_add_index.sql',
      line: 14,
      column: 1,
      message: 'Nobody can write to users until the index is built.',
      safe_way: 'CREATE INDEX CONCURRENTLY, in a migration with transaction:false.',
    },
  ],
};

export const migrationRun: MigrationRun = {
  from: 0,
  to: 2,
  duration_ms: 3100,
  steps: [
    { version: 1, label: '001', name: 'create_users', direction: 'up', duration_ms: 12, attempts: 1 },
    { version: 2, label: '002', name: 'add_index', direction: 'up', duration_ms: 3000, attempts: 3 },
  ],
};

/** A manager that answers at once; what a test gives stands in for a method. */
export function connectTo(given: Partial<Migrations> = {}, closed: { count: number } = { count: 0 }): Connect {
  const migrations: Migrations = {
    status: async () => status([state(1)]),
    plan: async () => plan,
    rehearse: async () => migrationRun,
    up: async () => migrationRun,
    down: async () => migrationRun,
    migrateTo: async () => migrationRun,
    repair: async () => status([state(1)]),
    ...given,
  };
  return () => ({
    migrations,
    close: async () => {
      closed.count += 1;
    },
  });
}
