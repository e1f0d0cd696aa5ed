/** What is done to the database, and what it does. */
export const faults = {
  reset: 'all connections are reset, one to five times in a row',
  'cut-before-commit': 'connections are cut where COMMIT would be sent',
  'cut-behind-commit': 'connections are cut as soon as COMMIT is with the server',
  'cut-answer': 'connections are cut where the answer to COMMIT would arrive, or within it',
  terminate: 'sessions are ended by pg_terminate_backend',
  freeze: 'the server stands still (SIGSTOP), and goes on',
  'standby-away': 'the synchronous standby is killed; while COMMIT waits for it, sessions are lost; it returns',
  'kill-backend': 'the process of one session is killed (SIGKILL): the server ends all others and recovers',
  kill: 'the server is killed (SIGKILL), in half of the cases at a COMMIT, and started again',
  'restart-fast': 'the server is shut down in good order, and started again',
  'restart-immediate': 'the server is shut down without a checkpoint, and recovers',
  promote: 'the standby, which may lag, is promoted; the primary is killed, shut down or cut off',
} as const;

export type FaultName = keyof typeof faults;

export const faultNames = Object.keys(faults) as FaultName[];

/** Those that need a synchronous standby. */
export const standbyFaults: readonly FaultName[] = ['standby-away', 'promote'];

/**
 * The reasons for an unknown outcome that a fault accounts for. None where the server stays alive, reachable and on its
 * timeline: then it can be asked.
 */
export const excuses: Readonly<Record<FaultName, 'any' | readonly string[]>> = {
  reset: [],
  'cut-before-commit': [],
  'cut-behind-commit': [],
  'cut-answer': [],
  terminate: [],
  // It cannot be asked while it stands still, so a transaction may run out of time.
  freeze: ['deadline', 'unreachable'],
  'standby-away': ['not-replicated', 'in-progress', 'deadline'],
  'kill-backend': 'any',
  kill: 'any',
  'restart-fast': 'any',
  'restart-immediate': 'any',
  promote: 'any',
};

export const accounts = 200;
/** What each account holds at first. */
export const openingBalance = 1000;
export const poolSize = 20;
/** How long a transfer may take. */
export const timeoutMs = 5000;
/** Where less than this was left for it, an outcome may stay unknown for want of time. */
export const timeToAskMs = 1000;
/** A transfer without an answer so long after its deadline is counted as hung. */
export const hungAfterMs = 5000;
