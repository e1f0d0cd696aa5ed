import { FakeClock } from '../../../lib/testing/index.js';
import { Random } from '../../ledger/random.js';
import { callsPerSecond, instances } from '../names.js';
import { Calendar } from './calendar.js';
import { Instance, type ProbeKind } from './instance.js';
import { Server, serverModel } from './server.js';

export interface Outage {
  readonly seed: number;
  readonly downMs: number;
  readonly rampMs: number;
  /** What the server accepts when it is back. */
  readonly connectsPerSecond: number;
}

/** Times are in milliseconds since the server was lost. */
export interface Course extends Outage {
  readonly probes: Readonly<Record<ProbeKind, readonly number[]>>;
  /** Connections that reached the server after its return, those of probes among them. */
  readonly connects: readonly number[];
  readonly longestQueueMs: number;
  /** From the server's return until the last circuit was closed for good. */
  readonly closedMs: number;
  /** ... and until nobody waited for a connection any more. */
  readonly calmMs: number;
  readonly reopened: number;
  readonly longestWaitMs: number;
  readonly failed: number;
  readonly refused: number;
}

const everyMs = 1000 / callsPerSecond;
const mostMs = 60_000;
/** After the last circuit is closed and nobody waits, in which one may open again. */
const quietMs = 2000;

/** Every instance loses the server at one moment, and finds it again. */
export async function simulate(outage: Outage): Promise<Course> {
  const { seed, downMs, rampMs, connectsPerSecond } = outage;
  const random = new Random(seed);
  const clock = new FakeClock();
  const calendar = new Calendar();
  const server = new Server(calendar, { ...serverModel, connectsPerSecond });
  const probes: Record<ProbeKind, number[]> = { suspicion: [], scheduled: [], confirm: [] };
  const onProbe = (kind: ProbeKind) => probes[kind].push(clock.now());
  const shared = { clock, server, rampMs, onProbe, random: () => random.next() };
  const fleet = Array.from({ length: instances }, () => new Instance(shared));
  const turns = Array.from({ length: everyMs }, (): Instance[] => []);
  for (const instance of fleet) turns[random.whole(0, everyMs - 1)]?.push(instance);
  for (const { pool } of fleet) pool.loseAll();

  let calmAt = 0;
  for (let now = 1; ; now++) {
    await clock.advanceAsync(1);
    server.isUp = now > downMs;
    calendar.runUntil(now);
    for (const instance of turns[now % everyMs] ?? []) instance.call();
    if (now <= downMs) continue;
    const isCalm = fleet.every(({ circuit, pool }) => circuit.state === 'closed' && pool.waiting === 0);
    if (!isCalm) calmAt = 0;
    else if (calmAt === 0) calmAt = now;
    if ((isCalm && now - calmAt >= quietMs) || now - downMs >= mostMs) break;
  }

  const sum = (of: (instance: Instance) => number) => fleet.reduce((total, instance) => total + of(instance), 0);
  const isClosed = fleet.every(({ circuit }) => circuit.state === 'closed');
  const reopened = sum(({ circuit }) => circuit.describe().opened - 1);
  for (const { circuit } of fleet) circuit.shutdown();
  return {
    ...outage,
    probes,
    connects: server.connects,
    longestQueueMs: server.longestQueueMs,
    closedMs: isClosed ? Math.max(...fleet.map(({ closedAt }) => closedAt)) - downMs : Infinity,
    calmMs: calmAt === 0 ? Infinity : calmAt - downMs,
    reopened,
    longestWaitMs: Math.max(...fleet.map(({ pool }) => pool.longestWaitMs)),
    failed: sum(({ pool }) => pool.failed),
    refused: sum((instance) => instance.refused),
  };
}
