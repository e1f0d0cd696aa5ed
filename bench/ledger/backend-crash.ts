import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresServer } from '../../lib/testing/index.js';

const noticedWithinMs = 2000;
const recoversWithinMs = 20_000;

/**
 * What kills the process of a session, at once when it is called: the server then ends all others and recovers from its
 * log, under the same main process. Resolves when it has; to false where the session had ended by itself.
 */
export async function backendCrash(server: PostgresServer): Promise<(pid: number) => Promise<boolean>> {
  const before = await checkpointerOf(server);
  return async (pid) => {
    kill(pid);
    const killedAt = performance.now();
    let noticed = false;
    for (;;) {
      // There is a new checkpointer as soon as the server has noticed, and ended the sessions of before.
      const now = await checkpointerOf(server).catch(() => undefined);
      if (now !== undefined && now !== before) return true;
      noticed ||= now === undefined;
      const ms = performance.now() - killedAt;
      if (!noticed && ms > noticedWithinMs) return false;
      if (ms > recoversWithinMs) throw new Error(`The server on port ${String(server.port)} does not recover`);
      await sleep(10);
    }
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function checkpointerOf(server: PostgresServer): Promise<number> {
  const rows = await server.query<{ pid: number }>(
    `select pid from pg_stat_activity where backend_type = 'checkpointer'`,
  );
  if (rows[0] === undefined) throw new Error('The server has no checkpointer at this moment');
  return rows[0].pid;
}
