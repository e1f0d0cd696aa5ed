import { either, explained, findProblem, integer, oneOf } from '../core/options.js';
import { ConfigurationError } from '../errors/errors.js';
import type { Handler } from './handlers.js';
import { RequestScope } from './request-scope.js';

/** The most that a timer of Node takes. */
export const longestMs = 2 ** 31 - 1;

const rules = { ms: either(integer(1, longestMs, 'milliseconds'), explained(oneOf(false), 'false for none')) };

/** Gives the request another deadline, counted from its arrival. */
export function deadlineRoute(ms: number | false): Handler {
  const problem = findProblem(rules, { ms });
  if (problem !== undefined) throw new ConfigurationError(problem.option, `deadline: ${problem.message}`);
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
