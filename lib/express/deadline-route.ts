import { either, explained, integer, oneOf, refusalOf } from '../core/options.js';
import { ConfigurationError } from '../errors/errors.js';
import { longestMs } from '../pool/options/rules.js';
import type { Handler } from './handlers.js';
import { RequestScope } from './request-scope.js';

/** What a request's deadline may be. */
export const deadlineRule = either(integer(1, longestMs, 'milliseconds'), explained(oneOf(false), 'false for none'));

/** Gives the request another deadline, counted from its arrival. */
export function deadlineRoute(ms: number | false): Handler {
  // undefined is no deadline either: an option that is left out has a default, this has none.
  if (!deadlineRule.accepts(ms))
    throw new ConfigurationError('ms', `deadline: ${refusalOf('Option "ms"', ms, deadlineRule)}`);
  return (req, _res, next) => {
    const scope = RequestScope.of(req);
    if (scope === undefined) {
      next(
        new ConfigurationError('deadline', 'deadline: the request has none; mount dbResilience() before this route'),
      );
      return;
    }
    scope.setTimeout(ms);
    next();
  };
}
