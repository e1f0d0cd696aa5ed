import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverEnvironment, type Cluster } from './cluster.js';
import { guard } from './guard.js';

/** One life of a server: from its start to its end, whoever ends it. */
export class PostgresProcess {
  #ended = false;

  private constructor(readonly pid: number) {}

  /** @throws when the program cannot be run at all. Whether the server then accepts connections is another matter. */
  static async spawn(cluster: Cluster, port: number): Promise<PostgresProcess> {
    const program = join(cluster.bin, 'postgres');
    const log = openSync(cluster.logFile, 'a');
    try {
      const child = spawn(program, ['-D', cluster.dataFolder, '-p', String(port)], {
        ...cluster.account,
        cwd: cluster.folder,
        env: serverEnvironment,
        // Ctrl-C in a terminal is meant for the application, which may need its database to end in good order.
        detached: true,
        stdio: ['ignore', log, log],
      });
      const { pid } = child;
      if (pid === undefined) {
        const cause = await new Promise<Error>((resolve) => child.once('error', resolve));
        throw new Error(`${program} could not be run: ${cause.message}`, { cause });
      }
      guard(cluster.folder, pid);
      const started = new PostgresProcess(pid);
      child.once('exit', () => {
        started.#ended = true;
        guard(cluster.folder);
      });
      child.unref();
      return started;
    } finally {
      closeSync(log);
    }
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** False when it has not ended by then. */
  async endsWithin(ms: number): Promise<boolean> {
    for (const deadline = Date.now() + ms; !this.#ended; await sleep(2)) {
      if (Date.now() > deadline) return false;
    }
    return true;
  }
}
