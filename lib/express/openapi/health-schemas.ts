import { amount, count, flag, list, nullable, object, oneOf, schemaRef, text, time } from './schema.js';
import type { Schema } from './schema.js';

const status = oneOf(
  'degraded: it serves, and somebody should look at the warnings',
  'healthy',
  'degraded',
  'unhealthy',
);
const circuit = oneOf('The circuit breaker of the database', 'closed', 'open', 'half-open', 'isolated');
const checkedAt = nullable(time('When the last probe ended; null before the first'));
const age = nullable(count('Milliseconds since then'));
const stale = flag('No probe has ended for longer than it should take: the report tells of the past');

export const healthSchemas: Readonly<Record<string, Schema>> = {
  Alive: object('The process serves requests', { status: oneOf('Always ok', 'ok') }),
  Ready: object('It takes work', { status: oneOf('Always ready', 'ready') }),
  NotReady: object('It takes no work', {
    status: oneOf('Always not_ready', 'not_ready'),
    reason: oneOf(
      'Why it is not ready',
      'starting',
      'database_unreachable',
      'misconfigured',
      'schema_pending',
      'schema_failed',
      'isolated',
      'shutting_down',
    ),
  }),
  MethodNotAllowed: object('The routes answer GET and HEAD', {
    status: oneOf('Always method_not_allowed', 'method_not_allowed'),
  }),
  HealthSummary: object('The health of the database in short', {
    status,
    circuit,
    checked_at: checkedAt,
    age_ms: age,
    stale,
  }),
  HealthReport: object('The health of the database, from the memory of a probe in the background', {
    status,
    checked_at: checkedAt,
    age_ms: age,
    stale,
    probe: nullable(schemaRef('Probe')),
    circuit,
    pool: object('Connections, now', {
      utilization_pct: amount('Active connections, in percent of the most there may be'),
      active: count('Connections that are at work'),
      idle: count('Connections that wait for work'),
      waiting: count('Calls that wait for a connection'),
      max: count('The most connections there may be'),
    }),
    event_loop_delay_ms: amount('How late the timers of this process come: the 99th percentile of the last seconds'),
    warnings: list('In words for people', text('Without hosts, SQL and values')),
  }),
  Probe: object('The last question to the database; null before the first', {
    ok: flag('It was answered in time'),
    duration_ms: amount('How long the answer took, in milliseconds'),
    error: nullable(text('What kind of failure it was, in one word, such as unreachable; null where it was answered')),
  }),
};
