import type { RunSql } from './inspect.js';

const prepared = 'db_resilience_explained';

/**
 * What EXPLAIN (FORMAT JSON) says of a text, as the server gives it, values included. The text is one statement: see
 * `explainable`. It is planned and never executed, a write neither: EXPLAIN without ANALYZE opens no executor, which was
 * tried on PostgreSQL 15 and 18. Planning may call functions that are declared STABLE or IMMUTABLE, whatever they do; so
 * the transaction is READ ONLY, its time is limited, and it is rolled back.
 */
export async function explainStatement(
  run: RunSql,
  text: string,
  { hasParameters, timeoutMs }: { hasParameters: boolean; timeoutMs: number },
): Promise<unknown> {
  // By name, for the default may be SERIALIZABLE, which a standby refuses.
  await run('BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY');
  try {
    // A backslash would escape a quote where these strings are off, and the text would be several statements there.
    const { rows } = await run(
      `SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true),
        set_config('standard_conforming_strings', 'on', true), set_config('plan_cache_mode', 'force_generic_plan', true),
        current_setting('server_version_num') AS version`,
      [String(Math.ceil(timeoutMs * 0.75)), String(Math.ceil(timeoutMs * 0.25))],
    );
    if (!hasParameters) return await planBy(run, `EXPLAIN (FORMAT JSON) ${text}`);
    if (Number(rows[0]?.version) >= 160_000) return await planBy(run, `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`);
    return await explainPrepared(run, text);
  } finally {
    await run('ROLLBACK');
  }
}

async function explainPrepared(run: RunSql, text: string): Promise<unknown> {
  await run(`PREPARE ${prepared} AS ${text}`);
  // ROLLBACK keeps what was prepared, and behind PgBouncer the session is another's afterwards.
  await run('SAVEPOINT explained');
  try {
    const { rows } = await run(
      'SELECT cardinality(parameter_types) AS count FROM pg_prepared_statements WHERE name = $1',
      [prepared],
    );
    const nulls = Array<string>(Number(rows[0]?.count)).fill('null');
    return await planBy(run, `EXPLAIN (FORMAT JSON) EXECUTE ${prepared}(${nulls.join(', ')})`);
  } finally {
    await run('ROLLBACK TO explained');
    await run(`DEALLOCATE ${prepared}`);
  }
}

async function planBy(run: RunSql, explain: string): Promise<unknown> {
  const { rows } = await run(explain);
  const plan = rows[0]?.['QUERY PLAN'];
  // An application may have taught pg to leave JSON as it is.
  return typeof plan === 'string' ? (JSON.parse(plan) as unknown) : plan;
}
