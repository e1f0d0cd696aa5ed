import type pg from 'pg';
import type { FaultName } from './names.js';
import type { Rig } from './rig.js';

export type LastingFault = Exclude<FaultName, 'abandoned'>;

/** Ends a fault. */
export type Heal = () => Promise<unknown>;

/** Begins a fault that lasts until it is healed. */
type Begin = (rig: Rig) => Promise<Heal>;

/** A killed server is started so long before the end of its fault, to be up at that end. */
const startMs = 500;

const begin: Readonly<Record<LastingFault, Begin>> = {
  'black-hole': async ({ proxy }) => {
    proxy.blackHole();
    return () => proxy.pass();
  },
  slow: async ({ proxy }) => {
    proxy.latency(1550);
    return () => proxy.pass();
  },
  frozen: async ({ server }) => {
    await server.freeze();
    return () => server.resume();
  },
  refuse: async ({ proxy }) => {
    await proxy.refuse();
    proxy.reset();
    return () => proxy.pass();
  },
  reset: async ({ proxy }) => {
    proxy.reset();
    const timer = setInterval(() => proxy.reset(), 500);
    return async () => clearInterval(timer);
  },
  killed: async ({ server }) => {
    await server.kill();
    return () => server.start();
  },
  'too-many-connections': occupy,
};

/** Begins a fault. @returns when to heal it and how. */
export async function breakIt(rig: Rig, fault: LastingFault, seconds: number): Promise<{ healAt: number; heal: Heal }> {
  const began = performance.now();
  const heal = await begin[fault](rig);
  return { healAt: began + seconds * 1000 - (fault === 'killed' ? startMs : 0), heal };
}

/** How many sessions a server for this fault takes. */
export function connectionsFor(fault: FaultName): number {
  return fault === 'too-many-connections' ? 20 : 100;
}

async function occupy(rig: Rig): Promise<Heal> {
  const { proxy } = rig;
  // Opened before: a session that is refused takes a slot for a moment, also one of the administrator's.
  const witness = await rig.openWitness();
  const held = [witness];
  // The application competes for the slots of its own sessions. It is kept out until others have them all.
  await proxy.refuse();
  for (let round = 0; !(await allTaken(witness, held.length)); round++) {
    if (round === 100) throw new Error("The application's sessions could not be displaced");
    const opened = await Promise.allSettled(Array.from({ length: 5 }, () => rig.openOther()));
    for (const one of opened) if (one.status === 'fulfilled') held.push(one.value);
  }
  await proxy.refuse(false);
  return () => Promise.all(held.map((client) => client.end()));
}

/** Ends the application's sessions. @returns whether nobody but an administrator can open one now. */
async function allTaken(witness: pg.Client, taken: number): Promise<boolean> {
  const { rows } = await witness.query<{ slots: number; ended: number }>(`
    select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as slots,
      (select count(pg_terminate_backend(pid))::int from pg_stat_activity where usename = 'app') as ended`);
  return rows[0] !== undefined && rows[0].ended === 0 && taken >= rows[0].slots;
}
