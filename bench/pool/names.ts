/** In the order of the tables. `bare again` is the same code as `bare`, in a process of its own. */
export const candidates = ['bare', 'bare again', 'ours', 'hand-made', 'cockatiel'] as const;
export type CandidateName = (typeof candidates)[number];

export const modes = ['outside', 'inside'] as const;
export type Mode = (typeof modes)[number];

export const workloads = ['select', 'read'] as const;
export type WorkloadName = (typeof workloads)[number];

export const workloadTitles: Record<WorkloadName, string> = {
  select: 'select $1::int',
  read: 'indexed read of one row',
};
