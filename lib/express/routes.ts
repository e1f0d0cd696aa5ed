import type { Logger } from '../core/logger.js';
import { boolean, callback, findProblem, objectWith } from '../core/options.js';
import type { Rules } from '../core/options.js';
import { ConfigurationError } from '../errors/errors.js';
import type { Authorize } from './access.js';
import type { Handler } from './handlers.js';
import { healthAnswers } from './health-routes.js';
import type { HealthSource } from './health-routes.js';
import { answering } from './json-answer.js';
import { metricsAnswers } from './metrics-routes.js';
import type { MetricsSource } from './metrics-routes.js';
import { openApi } from './openapi.js';
import { SparingLog } from './sparing-log.js';

export interface RoutesOptions {
  /**
   * Decides, in place of the rule that the request has to come from this machine, who may see SQL: an admin of yours, say.
   * It is asked for every such request. It denies where it throws, rejects, or has not answered after 5 s.
   */
  authorize?: Authorize | undefined;
  /** `/health`, `/health/database`, `/livez` and `/readyz`. Default: true. */
  health?: boolean | undefined;
  /** `/metrics`, `/metrics/database`, `/metrics/queries` and `/metrics/server`. Default: true. */
  metrics?: boolean | undefined;
  /** Gets a warning for each kind of failure, once a minute at the most. */
  logger?: Logger | undefined;
}

const rules: Rules<RoutesOptions> = {
  authorize: callback,
  health: boolean,
  metrics: boolean,
  logger: objectWith('debug', 'info', 'warn', 'error'),
};

/**
 * The routes of operators and their machines, to be mounted where you like, and `/openapi.json`, which describes those
 * that there are. Anything else passes through.
 *
 * @throws ConfigurationError for an option that is unknown or impossible
 */
export function routes(source: HealthSource & MetricsSource, options: RoutesOptions = {}): Handler {
  const problem = findProblem(rules, options);
  if (problem !== undefined) throw new ConfigurationError(problem.option, problem.message);
  const { authorize, health = true, metrics = true, logger } = options;
  const log = new SparingLog(logger);
  const description = openApi({ health, metrics });
  return answering(
    {
      ...(health && healthAnswers(source)),
      ...(metrics && metricsAnswers(source, authorize, log)),
      '/openapi.json': () => ({ status: 200, body: description }),
    },
    log,
  );
}
