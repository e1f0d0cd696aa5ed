import { sqlstate } from '../errors/classify.js';

/**
 * Why a named statement fails and would go on failing on its connection:
 * `plan`: the server's prepared statement no longer fits the table (0A000 from RevalidateCachedQuery);
 * `gone`: the server has dropped it (26000, after DISCARD ALL or behind a pooler);
 * `unsent`: pg threw while binding a value, closed the statement on the server, and believes it is still there.
 */
export function staleness(error: Error): 'plan' | 'gone' | 'unsent' | undefined {
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
