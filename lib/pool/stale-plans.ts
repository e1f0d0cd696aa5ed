import { sqlstate } from '../errors/classify.js';
import { forgetStatement } from './guarded-client.js';
import type { GuardedClient } from './guarded-client.js';

/** The named statements of one connection that would go on failing there: what makes pg prepare them again. */
export class StalePlans {
  readonly #client: GuardedClient;
  #names: Set<string> | undefined;

  constructor(client: GuardedClient) {
    this.#client = client;
  }

  /** What must be run before the statement of that name; undefined where it may go as it is. */
  preparation(name: string | undefined): string | undefined {
    if (this.#names === undefined || name === undefined || !this.#names.delete(name)) return undefined;
    forgetStatement(this.#client, name);
    return `DEALLOCATE ${this.#client.escapeIdentifier(name)}`;
  }

  /** Takes note of why a named statement failed. True where the same statement, prepared again, may succeed. */
  isForgotten(name: string, error: Error): boolean {
    const stale = staleness(error);
    if (stale === undefined) return false;
    if (stale === 'plan') (this.#names ??= new Set()).add(name);
    else forgetStatement(this.#client, name);
    // A value that cannot be sent will not be next time.
    return stale !== 'unsent';
  }
}

/**
 * Why a named statement fails and would go on failing on its connection:
 * `plan`: the server's prepared statement no longer fits the table (0A000 from RevalidateCachedQuery);
 * `gone`: the server has dropped it (26000, after DISCARD ALL or behind a pooler);
 * `unsent`: pg threw while binding a value, closed the statement on the server, and believes it is still there.
 */
function staleness(error: Error): 'plan' | 'gone' | 'unsent' | undefined {
  switch (sqlstate(error)) {
    case '0A000':
      return (error as { routine?: unknown }).routine === 'RevalidateCachedQuery' ? 'plan' : undefined;
    case '26000':
      return 'gone';
    case undefined:
      return 'unsent';
    default:
      return undefined;
  }
}
