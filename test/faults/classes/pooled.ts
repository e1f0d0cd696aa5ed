import { findPgBouncer, startPgBouncer } from '../../support/pgbouncer.js';
import { eventually } from '../../support/settle.js';
import type { Row, Rig } from './rig.js';

const refused = {
  pooled: true,
  retry: 'statement',
  outcome: 'not-executed',
  circuit: true,
  unavailable: true,
} as const;
const hopeless = { pooled: true, phase: 'connect', outcome: 'not-executed', hopeless: true } as const;

async function bounced(rig: Rig, ...settings: string[]): Promise<string> {
  const bouncer = await startPgBouncer(findPgBouncer() ?? '', rig.server, settings);
  rig.ending(() => bouncer.stop());
  return bouncer.connectionString;
}

/** What PgBouncer says itself: nearly all of it is FATAL 08P01. */
export const pooled: Row[] = [
  {
    name: 'query_wait_timeout',
    told: '08P01',
    ...refused,
    kind: 'pooler',
    produce: async (rig) => {
      const connectionString = await bounced(rig, 'query_wait_timeout = 1');
      const [one, other] = [await rig.open({ connectionString }), await rig.open({ connectionString })];
      await one.query('begin');
      return rig.failure(other.query('select 1'));
    },
  },
  {
    name: 'max_client_conn',
    told: '08P01',
    ...refused,
    phase: 'connect',
    kind: 'too-many-connections',
    produce: async (rig) => {
      const connectionString = await bounced(rig, 'max_client_conn = 2');
      for (let i = 0; i < 2; i++) await rig.open({ connectionString });
      return rig.failure(rig.client({ connectionString }).connect());
    },
  },
  {
    name: 'server_login_retry',
    told: '08P01',
    ...refused,
    phase: 'connect',
    kind: 'pooler',
    produce: async (rig) => {
      const proxy = await rig.proxy();
      const { host, port } = proxy;
      const { user, password, database } = rig.server;
      const target = { host, port, user, password, database } as Rig['server'];
      const bouncer = await startPgBouncer(findPgBouncer() ?? '', target, ['server_login_retry = 5']);
      rig.ending(() => bouncer.stop());
      await proxy.refuse();
      proxy.reset();
      let error: Error | undefined;
      await eventually(
        async () => {
          const { connectionString } = bouncer;
          const client = rig.client({ connectionString, connectionTimeoutMillis: 300, query_timeout: 300 });
          error = await rig.failure(client.connect().then(() => client.query('select 1')));
          return error.message.includes('server_login_retry');
        },
        8000,
        'PgBouncer has noticed',
      );
      return error;
    },
  },
  {
    name: 'unsupported startup parameter',
    told: '08P01',
    ...hopeless,
    kind: 'configuration',
    produce: async (rig) => {
      const connectionString = await bounced(rig);
      return rig.failure(rig.client({ connectionString, statement_timeout: 1000 }).connect());
    },
  },
];
