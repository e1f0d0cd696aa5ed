/** In the order of the tables. `bare again` is the same code as `bare`, in a process of its own. */
export const candidates = ['bare', 'bare again', 'ours', 'hand-made', 'cockatiel'] as const;

/** Those that run transactions: BEGIN and COMMIT by hand, twice; `transaction()`; and that with `verifyCommit`. */
export const transactors = ['bare', 'bare again', 'ours', 'verified'] as const;

/** This pool with its monitor off, twice; with the monitor, as it is by default; and with the metrics begun. */
export const watchers = ['unwatched', 'unwatched again', 'watched', 'watched, metrics'] as const;

export type CandidateName = (typeof candidates)[number] | (typeof transactors)[number] | (typeof watchers)[number];

export const modes = ['outside', 'inside'] as const;
export type Mode = (typeof modes)[number];

export const workloads = ['select', 'read', 'transaction'] as const;
export type WorkloadName = (typeof workloads)[number];
export type StatementName = Exclude<WorkloadName, 'transaction'>;

export const workloadTitles: Record<WorkloadName, string> = {
  select: 'select $1::int',
  read: 'indexed read of one row',
  transaction: 'transaction of a read, two updates and an insert',
};
