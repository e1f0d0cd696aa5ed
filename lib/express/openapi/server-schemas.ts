import { amount, count, flag, list, nullable, object, oneOf, schemaRef, text, time } from './schema.js';
import type { Schema } from './schema.js';

const reason = 'permission: the role may not see it, or not all of it. unavailable: it took too long, or is not there';

export const serverSchemas: Readonly<Record<string, Schema>> = {
  ServerReport: object(
    "The database server's own view. A part that the role cannot see is null, and listed in not_visible",
    {
      at: time('When the server answered'),
      version: text('Of PostgreSQL'),
      is_in_recovery: flag('It is a standby'),
      connections_used: count('Of the whole server, this one included'),
      max_connections: count('The most that the server accepts'),
      superuser_reserved: count('As many of them are kept for superusers'),
      sessions: nullable(schemaRef('ServerSessions')),
      database_size_bytes: nullable(count('The size of this database')),
      statistics: nullable(schemaRef('ServerStatistics')),
      replication: {
        anyOf: [list('Of a primary, the first 50; null on a standby', schemaRef('ServerReceiver')), { type: 'null' }],
      },
      standby: nullable(schemaRef('ServerStandby')),
      archiver: nullable(schemaRef('ServerArchiver')),
      archive_queue_length: nullable(count('Log segments that wait to be archived')),
      not_visible: list('What is null, or not complete, and why', schemaRef('ServerNotVisible')),
    },
  ),
  ServerSessions: object('Client sessions of this database, but for the one that asks', {
    active: count('They run a statement'),
    idle: count('They wait for work'),
    idle_in_transaction: count('They wait for work in an open transaction'),
    idle_in_transaction_aborted: count('The same, after an error in it'),
    other: count('In another state'),
    hidden: count('Of other roles, whose states may not be seen; all other numbers here are without them'),
    longest_transaction_s: amount('The age of the oldest open transaction in seconds; 0 where none is open'),
    blocked_sessions: count('They wait for a lock that another one holds'),
  }),
  ServerStatistics: object('Of this database, since its statistics were reset', {
    cache_hit_ratio: nullable({ type: 'number', minimum: 0, maximum: 1, description: 'Null where nothing was read' }),
    deadlocks: count('Deadlocks that were found'),
    temp_bytes: count('Written to temporary files'),
  }),
  ServerReceiver: object('A standby, or whatever else receives from this primary', {
    name: text('Its application_name'),
    state: text('Of its connection, such as streaming'),
    sync_state: text('Such as async or sync'),
    lag_bytes: nullable(amount("Behind the primary's log; null where it does not tell")),
    replay_lag_s: nullable(amount('The same in seconds')),
  }),
  ServerStandby: object('Of a standby; null on a primary', {
    is_receiving: flag('It receives from its primary now'),
    replay_lag_bytes: nullable(amount('Received and not yet replayed; null where nothing was received')),
    replay_lag_s: nullable(amount('The age of the last transaction that was replayed, 0 where all of them are')),
  }),
  ServerArchiver: object('What became of the log segments to be archived', {
    is_enabled: flag('archive_mode is not off'),
    archived_count: count('Segments that were archived'),
    failed_count: count('Attempts that failed'),
    last_archived: nullable(time('When the last one was archived')),
    last_failed: nullable(time('When the last attempt failed')),
  }),
  ServerNotVisible: object('A part that is null, or not complete', {
    part: oneOf(
      'Which one',
      'sessions',
      'database_size',
      'statistics',
      'replication',
      'standby',
      'archiver',
      'archive_queue',
    ),
    reason: oneOf(reason, 'permission', 'unavailable'),
  }),
};
