import type { Logger } from '../../core/logger.js';
import { sqlstate } from '../../errors/classify.js';
import { ASK_IDENTITY, ASK_XID, onlyRow } from '../commit/evidence.js';
import type { Evidence, Identity } from '../commit/evidence.js';
import type { CommitResolver, Resolution } from '../commit/resolver.js';
import { backendKey } from '../guarded-client.js';
import type { PoolEntry } from '../pool-entry.js';
import type { Work } from './work.js';

type Row = Identity & Omit<Evidence, 'identity'>;

/** Gathers before COMMIT what will tell, should its answer be lost, what became of it. */
export class Verifier {
  readonly #resolver: CommitResolver;
  readonly #logger: Logger;
  readonly #pool: string;
  readonly #known = new WeakMap<PoolEntry, Identity>();
  #isUnsupported = false;

  constructor(resolver: CommitResolver, logger: Logger, pool: string) {
    this.#resolver = resolver;
    this.#logger = logger;
    this.#pool = pool;
  }

  /** Which server this is, where its connection has been asked. */
  known({ entry }: Work): Identity | undefined {
    return this.#known.get(entry);
  }

  /** The same, asked once a connection and before BEGIN, where a refusal does no harm; undefined where it does not say. */
  async identify(work: Work): Promise<Identity | undefined> {
    if (this.#isUnsupported) return undefined;
    let row: Row;
    try {
      row = onlyRow<Row>(await work.ask(ASK_IDENTITY));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#isUnsupported = true;
      work.firstError = undefined;
      this.#logger.warn(
        { pool: this.#pool, sqlstate: sqlstate(error) },
        'The server does not tell the id of a transaction; a COMMIT whose answer is lost will be reported as unknown',
      );
      return undefined;
    }
    this.#known.set(work.entry, row);
    return row;
  }

  /** The last question before COMMIT. */
  async evidence(work: Work, identity: Identity): Promise<Evidence> {
    // A pooler may have changed the server under the connection, so there it is asked each time.
    const isDirect = backendKey(work.entry.client)?.processId === Number(identity.backend);
    const row = onlyRow<Row>(await work.run(isDirect ? ASK_XID : ASK_IDENTITY));
    return { identity: isDirect ? identity : row, xid: row.xid };
  }

  resolve(evidence: Evidence, until: number): Promise<Resolution> {
    return this.#resolver.resolve(evidence, until);
  }
}

/** No such function or view, or no right to it. */
function isRefusal(error: unknown): boolean {
  return ['42883', '42501', '42P01', '42703', '42704', '0A000'].includes(sqlstate(error) ?? '');
}
