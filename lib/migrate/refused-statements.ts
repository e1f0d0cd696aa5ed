import type { DefElem, Node } from 'libpg-query';
import { MigrationRefusedError } from '../errors/migration-errors.js';
import type { MigrationPart } from './migration.js';
import type { MigrationStatement } from './statement.js';
import { copyRefusal } from './syntax-refusal.js';

const savepoints: ReadonlySet<string | undefined> = new Set([
  'TRANS_STMT_SAVEPOINT',
  'TRANS_STMT_RELEASE',
  'TRANS_STMT_ROLLBACK_TO',
]);

const unlockAll = 'pg_advisory_unlock_all';

/** Throws `MigrationRefusedError` for a statement that must not be run, or not with the part's transaction. */
export function refuseStatement({ node, text, line, column, tag }: MigrationStatement, part: MigrationPart): void {
  const place = { file: part.file, line, column };
  if ('TransactionStmt' in node && !(part.transaction && savepoints.has(node.TransactionStmt.kind))) {
    const advice = part.transaction
      ? `the migration is one transaction, which is begun and ended for it. Delete ${tag}; savepoints are allowed.`
      : `each statement of a part with transaction:false is its own transaction. Delete ${tag}.`;
    throw new MigrationRefusedError('transaction-control', advice, place);
  }
  if ('DiscardStmt' in node && node.DiscardStmt.target === 'DISCARD_ALL') {
    const advice = 'DISCARD ALL would give up the lock that keeps other processes from migrating. Delete it.';
    throw new MigrationRefusedError('transaction-control', advice, place);
  }
  if (text.toLowerCase().includes(unlockAll) && JSON.stringify(node).includes(`{"String":{"sval":"${unlockAll}"}}`)) {
    const advice = `${unlockAll} would give up the lock that keeps other processes from migrating. Delete it; pg_advisory_unlock gives up one.`;
    throw new MigrationRefusedError('transaction-control', advice, place);
  }
  if ('CopyStmt' in node && node.CopyStmt.is_from === true && node.CopyStmt.filename === undefined) {
    throw copyRefusal(place);
  }
  if ('IndexStmt' in node && node.IndexStmt.concurrent === true && node.IndexStmt.idxname === undefined) {
    const advice = 'give the index a name; without one nothing tells whether an interrupted CREATE INDEX made it.';
    throw new MigrationRefusedError('unnamed-index', advice, place);
  }
  if (part.transaction && needsNoTransaction(node)) {
    const advice = `${tag} cannot be run in a transaction. Put it in a migration of its own, with transaction:false on its marker: "-- migrate:up transaction:false".`;
    throw new MigrationRefusedError('needs-no-transaction', advice, place);
  }
}

/** Whether PostgreSQL refuses it within a transaction (`PreventInTransactionBlock`), so far as the statement alone tells. */
export function needsNoTransaction(node: Node): boolean {
  if ('IndexStmt' in node) return node.IndexStmt.concurrent === true;
  if ('DropStmt' in node) return node.DropStmt.concurrent === true;
  if ('VacuumStmt' in node) return node.VacuumStmt.is_vacuumcmd === true;
  if ('ClusterStmt' in node) return node.ClusterStmt.relation === undefined;
  if ('ReindexStmt' in node) {
    const { kind, params } = node.ReindexStmt;
    return (kind !== 'REINDEX_OBJECT_INDEX' && kind !== 'REINDEX_OBJECT_TABLE') || isOn(option(params, 'concurrently'));
  }
  if ('AlterTableStmt' in node) {
    return (node.AlterTableStmt.cmds ?? []).some((command) => {
      const detached = 'AlterTableCmd' in command ? command.AlterTableCmd.def : undefined;
      return detached !== undefined && 'PartitionCmd' in detached && detached.PartitionCmd.concurrent === true;
    });
  }
  if ('AlterDatabaseStmt' in node) return option(node.AlterDatabaseStmt.options, 'tablespace') !== undefined;
  if ('CreateSubscriptionStmt' in node) {
    const { options } = node.CreateSubscriptionStmt;
    return ['connect', 'create_slot'].every((name) => isOn(option(options, name) ?? {}));
  }
  if ('AlterSubscriptionStmt' in node) return node.AlterSubscriptionStmt.kind === 'ALTER_SUBSCRIPTION_REFRESH';
  return (
    'CreatedbStmt' in node ||
    'DropdbStmt' in node ||
    'CreateTableSpaceStmt' in node ||
    'DropTableSpaceStmt' in node ||
    'AlterSystemStmt' in node
  );
}

function option(options: readonly Node[] | undefined, name: string): DefElem | undefined {
  return options?.map((each) => ('DefElem' in each ? each.DefElem : undefined)).find((each) => each?.defname === name);
}

/** An option without a value is on. */
function isOn(given: DefElem | undefined): boolean {
  if (given === undefined) return false;
  const { arg } = given;
  if (arg === undefined) return true;
  if ('String' in arg) return !['off', 'false', '0'].includes(arg.String.sval?.toLowerCase() ?? '');
  return !('Integer' in arg) || (arg.Integer.ival ?? 0) !== 0;
}
