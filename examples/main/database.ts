import { startFaultProxy, startPostgres } from 'express-db-resilience/testing';
import { Faults } from './faults.js';

/** Where the example's data is. */
export interface Database {
  /** For people. */
  readonly description: string;
  /** Undefined: as DATABASE_URL says, which the package reads by itself. */
  readonly connectionString: string | undefined;
  readonly faults: Faults | undefined;
  stop(): Promise<void>;
}

/** The database that DATABASE_URL names, else a PostgreSQL of our own behind a network of our own, both made to fail. */
export async function openDatabase(): Promise<Database> {
  if (process.env.DATABASE_URL?.trim()) {
    return {
      description: 'the database of DATABASE_URL, in the schema express_db_resilience_example',
      connectionString: undefined,
      faults: undefined,
      stop: () => Promise.resolve(),
    };
  }
  const server = await startPostgres();
  const proxy = await startFaultProxy({ target: server });
  return {
    description: `PostgreSQL ${String(server.version)} of its own, gone when the example ends`,
    connectionString: proxy.connectionString(server),
    faults: new Faults(server, proxy),
    stop: async () => {
      await proxy.close();
      await server.stop();
    },
  };
}
