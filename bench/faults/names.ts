/** The stacks that are compared, and what each is. */
export const stacks = {
  ours: 'app.use(dbResilience({ max: 10, requestTimeoutMs: 2000 })) and dbErrorHandler()',
  bare: 'a pg.Pool with connectionTimeoutMillis and query_timeout of 2 s',
  opossum: 'opossum, p-retry and p-timeout around a pg.Pool, composed by hand',
  cockatiel: "cockatiel's time-out, retry and circuit breaker around a pg.Pool",
} as const;

export type StackName = keyof typeof stacks;

/** What is done to the database, and what it does. */
export const faults = {
  'black-hole': 'the network loses every byte; the connections of that time stay dead afterwards',
  slow: 'every statement takes more than 3 s',
  frozen: 'the server stands still (SIGSTOP): connected, but silent',
  refuse: 'connections are cut and new ones refused',
  reset: 'all connections are reset every 500 ms',
  killed: 'the server is killed (SIGKILL), and started again',
  'too-many-connections': "the application's sessions are ended and every slot of the server is taken by others",
  abandoned: '200 clients leave after 100 ms from reads of 4 s, and one from a write',
} as const;

export type FaultName = keyof typeof faults;

export const stackNames = Object.keys(stacks) as StackName[];
export const faultNames = Object.keys(faults) as FaultName[];

/** Nothing tells an application of these but time. */
export const silentFaults: ReadonlySet<FaultName> = new Set(['black-hole', 'slow', 'frozen']);

/** The size of every pool. */
export const poolSize = 10;
/** How long a request may take. */
export const deadlineMs = 2000;
/** After so long without an answer, the probe of a circuit has failed. */
export const probeTimeoutMs = 2000;
/** A request that has no answer after so long is counted as hung. */
export const hungAfterMs = 15_000;
