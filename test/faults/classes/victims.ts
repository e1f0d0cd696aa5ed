import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Row, Rig } from './rig.js';
import { loginOf } from './refusals.js';

const lost = { retry: 'idempotent', outcome: 'unknown', circuit: true, unavailable: true } as const;
const damaged = { kind: 'internal', circuit: true } as const;

/** Writes to a relation's file while the server is down. */
function damage(
  told: string,
  create: string,
  relation: string,
  ask: string,
  harm: (file: string) => Promise<void>,
): Row {
  return {
    name: told,
    told,
    ...damaged,
    produce: async (rig) => {
      const { server } = rig;
      await server.query(create);
      const [where] = await server.query<{ folder: string; file: string }>(
        `select current_setting('data_directory') as folder, pg_relation_filepath($1) as file`,
        [relation],
      );
      await server.shutdown();
      await harm(join(where?.folder ?? '', where?.file ?? ''));
      await server.start();
      return rig.sql('set enable_seqscan = off', ask);
    },
  };
}

/** What a server says that goes down, or that has lost its files. */
export const victims: Row[] = [
  {
    name: 'The server does not support SSL connections',
    told: 'The server does not support SSL connections',
    kind: 'tls',
    phase: 'connect',
    outcome: 'not-executed',
    hopeless: true,
    produce: (rig) => rig.failure(rig.client({ ...loginOf(rig.server), ssl: true }).connect()),
  },
  {
    name: '57P03 while a smart shutdown waits for its clients',
    told: '57P03',
    ...lost,
    kind: 'server-starting',
    phase: 'connect',
    retry: 'statement',
    outcome: 'not-executed',
    produce: async (rig) => {
      const last = await rig.open();
      const down = rig.server.shutdown('smart');
      try {
        return await refusal(rig);
      } finally {
        await last.end();
        await down;
        await rig.server.start();
      }
    },
  },
  {
    name: '57P01 by a fast shutdown',
    told: '57P01',
    ...lost,
    kind: 'server-shutting-down',
    produce: async (rig) => {
      const { failure } = await rig.sleeping(await rig.open());
      await rig.server.restart();
      return failure;
    },
  },
  {
    // 57P02 comes before, but as a warning.
    name: 'a broken connection by an immediate shutdown',
    told: /^(?:Connection terminated unexpectedly|ECONNRESET)$/,
    ...lost,
    kind: 'connection-lost',
    produce: async (rig) => {
      const { failure } = await rig.sleeping(await rig.open());
      await rig.server.restart({ mode: 'immediate' });
      return failure;
    },
  },
  damage('58P01', 'create table lost_file as select 1 as id', 'lost_file', 'select * from lost_file', (file) =>
    rm(file),
  ),
  damage('XX001', 'create table bad_page as select 1 as id', 'bad_page', 'select * from bad_page', (file) =>
    writeFile(file, Buffer.alloc(8192, 0x5a)),
  ),
  damage(
    'XX002',
    'create table bad_index (id int primary key)',
    'bad_index_pkey',
    'select * from bad_index where id = 1',
    (file) => writeFile(file, Buffer.alloc(2 * 8192)),
  ),
];

async function refusal(rig: Rig): Promise<Error> {
  for (;;) {
    const client = rig.client();
    const error = await client.connect().then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    if (error !== undefined) return error;
    await client.end(); // it was quicker than the signal
  }
}
