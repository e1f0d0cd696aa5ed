import type { AlterTableCmd, PartitionCmd } from 'libpg-query';
import { alterations, type Rule } from '../rule.js';

const attach: Rule = {
  name: 'attach-partition-without-check',
  *find(subject) {
    for (const { table, command } of alterations(subject)) {
      const partition = subject.tables.liveRelation(partitionOf(command, 'AT_AttachPartition')?.name);
      if (partition?.hasRows !== true) continue;
      // Whether one of its checks implies the bounds only the server can tell.
      if ([...partition.checks.values()].some((check) => check.isValid)) continue;
      yield {
        message:
          `ATTACH PARTITION reads all of ${partition.description} under an ACCESS EXCLUSIVE lock on it, and no check tells the ` +
          'server that its rows are within the bounds.',
        safe_way:
          `1. ALTER TABLE ${partition.label} ADD CONSTRAINT … CHECK (the bounds, and IS NOT NULL) NOT VALID. 2. In the next ` +
          `migration VALIDATE CONSTRAINT …. 3. ALTER TABLE ${table.label} ATTACH PARTITION …, which then reads nothing. 4. DROP ` +
          'CONSTRAINT ….',
      };
    }
  },
};

const FIRST_WITH_DETACH_CONCURRENTLY = 140_000;

const detach: Rule = {
  name: 'detach-partition-not-concurrently',
  *find(subject) {
    if (subject.tables.serverVersion < FIRST_WITH_DETACH_CONCURRENTLY) return;
    for (const { table, command } of alterations(subject)) {
      const detached = partitionOf(command, 'AT_DetachPartition');
      if (detached === undefined || detached.concurrent === true || !table.hasRows) continue;
      yield {
        message:
          `DETACH PARTITION takes an ACCESS EXCLUSIVE lock on all of ${table.description}: it waits for every query that runs on ` +
          'it, and all others wait behind it, readers too.',
        safe_way: `ALTER TABLE ${table.label} DETACH PARTITION … CONCURRENTLY, in a migration with transaction:false.`,
      };
    }
  },
};

function partitionOf({ subtype, def }: AlterTableCmd, wanted: AlterTableCmd['subtype']): PartitionCmd | undefined {
  return subtype === wanted && def !== undefined && 'PartitionCmd' in def ? def.PartitionCmd : undefined;
}

export const partitionRules: readonly Rule[] = [attach, detach];
