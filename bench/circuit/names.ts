/** The parts of the report, and what each asks. */
export const parts = {
  recovery: 'how long after the server accepts connections is the circuit closed, and what callers see meanwhile',
  flapping: 'a server that comes and goes: how many requests wait for it',
  fleet: '300 instances that lose one server at one moment, simulated: probes, and the storm after its return',
  outage: 'one real outage, answer by answer, to be drawn',
} as const;

export type PartName = keyof typeof parts;
export const partNames = Object.keys(parts) as PartName[];

/** What is done to the server in `recovery`. */
export const faults = {
  killed: 'the server is killed (SIGKILL), and started again',
  restart: 'the server is shut down in good order, and started again',
  refuse: 'connections are cut and new ones refused',
  'black-hole': 'the network loses every byte',
  frozen: 'the server stands still (SIGSTOP): connected, but silent',
} as const;

export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as FaultName[];

/** Nobody is told of these: only a time-out tells. */
export const silentFaults: ReadonlySet<FaultName> = new Set(['black-hole', 'frozen']);

export const callsPerSecond = 50;
export const poolSize = 20;
/** How long a call may take. */
export const deadlineMs = 2000;
export const probeTimeoutMs = 2000;
export const instances = 300;

/** What the report holds the circuit to. */
export const limits = {
  closedMedianMs: 1000,
  closedWorstMs: 1500,
  refusedP99Ms: 1,
  slowMs: 100,
  slowShare: 0.1,
  /** What 300 come to that all take the shortest interval: 500 ms less 20 %, and 5 s less 20 %. */
  probesAtFirst: 750,
  /** A second, over the mean time between two probes of one instance. */
  probesLater: 75,
  /** In one second. 300 that ask every 5 s and know nothing of each other: 60, standard deviation 7, worst of many. */
  probesLaterPeak: 110,
} as const;
