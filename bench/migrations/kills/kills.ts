import type { PostgresServer } from '../../../lib/testing/index.js';
import { expectSame } from '../../../test/support/catalogue.js';
import { emptyDatabase, managerOf, MigrationFolder, runSql } from '../../../test/support/migrations.js';
import { Random } from '../../ledger/random.js';
import { MigratingProcess, type Ended } from '../process.js';
import { recover, stateOf, type Ends } from './interrupted.js';
import { killSet } from './set.js';

/** Databases that are worked on side by side. */
const lanes = 2;

export type Direction = 'up' | 'down';

/** A process to be killed at an event, the first being 0, or so many milliseconds after its begin. */
interface Plan {
  readonly direction: Direction;
  /** The way of the next run. */
  readonly next: Direction;
  readonly when: { readonly event: number } | { readonly ms: number };
}

/** A process that was killed, and what came after it. */
export interface Kill {
  readonly direction: Direction;
  /** `event 7`, `after 123 ms`. */
  readonly at: string;
  /** Whether it came to its end before it was killed. */
  readonly early: boolean;
  /** What was not as it has to be. */
  readonly wrong: readonly string[];
}

export interface Undisturbed {
  readonly events: number;
  readonly ms: number;
}

/** Kills processes that migrate, and looks at what becomes of their databases. */
export class Kills implements AsyncDisposable {
  readonly #folder: MigrationFolder;
  readonly #databases: readonly string[];
  readonly #ends: Ends;
  /** What a run does that nobody kills. */
  readonly undisturbed: Readonly<Record<Direction, Undisturbed>>;

  private constructor(
    folder: MigrationFolder,
    databases: readonly string[],
    ends: Ends,
    undisturbed: Record<Direction, Undisturbed>,
  ) {
    this.#folder = folder;
    this.#databases = databases;
    this.#ends = ends;
    this.undisturbed = undisturbed;
  }

  static async prepare(server: PostgresServer): Promise<Kills> {
    const folder = await MigrationFolder.make(killSet);
    const databases = await Promise.all(Array.from({ length: lanes }, () => emptyDatabase(server)));
    const [one = ''] = databases;
    const empty = await stateOf(one);
    const up = await undisturbed(one, folder.directory, 'up');
    const full = await stateOf(one);
    const down = await undisturbed(one, folder.directory, 'down');
    expectSame(empty, await stateOf(one), 'The way down does not lead back');
    return new Kills(folder, databases, { empty, full }, { up, down });
  }

  /** At every event of both ways, one process each. */
  atBoundaries(onKill?: (kill: Kill) => void): Promise<Kill[]> {
    const { up, down } = this.undisturbed;
    const plans: Plan[] = [];
    for (let event = 0; event < Math.max(up.events, down.events); event++) {
      const when = { event };
      if (event < up.events) plans.push({ direction: 'up', next: 'up', when });
      if (event < down.events) plans.push({ direction: 'down', next: event % 4 < 3 ? 'down' : 'up', when });
    }
    return this.#all(plans, onKill);
  }

  /** At moments that the seed decides. */
  atMoments(moments: number, seed: number, onKill?: (kill: Kill) => void): Promise<Kill[]> {
    const random = new Random(seed);
    const plans = Array.from({ length: moments }, (_, at): Plan => {
      const direction = at % 2 === 0 ? 'up' : 'down';
      const ms = random.between(0, this.undisturbed[direction].ms);
      return { direction, next: random.chance(0.3) ? 'up' : direction, when: { ms } };
    });
    return this.#all(plans, onKill);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#folder[Symbol.asyncDispose]();
  }

  async #all(plans: readonly Plan[], onKill: (kill: Kill) => void = () => undefined): Promise<Kill[]> {
    const kills: Kill[] = [];
    // Two plans at a time, up and down, so that each begins where the one before it has ended.
    const left = plans
      .filter((_, at) => at % 2 === 0)
      .map((plan, at) => [plan, plans[2 * at + 1]])
      .values();
    const lane = async (database: string) => {
      for (const pair of left) {
        for (const plan of pair) {
          if (plan === undefined) continue;
          const kill = await this.#kill(database, plan);
          kills.push(kill);
          onKill(kill);
        }
      }
    };
    await Promise.all(this.#databases.map(lane));
    return kills;
  }

  async #kill(database: string, { direction, next, when }: Plan): Promise<Kill> {
    const { directory } = this.#folder;
    await managerOf(database, directory).migrateTo(direction === 'up' ? 0 : -1);
    if (direction === 'up') await runSql(database, 'drop table if exists public.db_resilience_migrations');
    const started = await MigratingProcess.start({
      connectionString: database,
      options: { directory },
      version: targetOf(direction),
      diesAt: 'event' in when ? when.event : undefined,
    });
    const running = started.go();
    const timer = 'ms' in when ? setTimeout(() => void started.kill(), when.ms) : undefined;
    const ended = await running;
    clearTimeout(timer);
    const wrong = await recover(database, directory, targetOf(next), this.#ends);
    const isKilled = ended.signal === 'SIGKILL';
    if (!isKilled && ('event' in when || ended.told?.error !== undefined)) wrong.push(describe(ended));
    const at = 'event' in when ? `event ${String(when.event)}` : `after ${when.ms.toFixed(0)} ms`;
    return { wrong, direction, at, early: !isKilled };
  }
}

const targetOf = (direction: Direction) => (direction === 'up' ? -1 : 0);

function describe({ code, signal, told, said }: Ended): string {
  return `it ended by itself: ${told?.error?.message ?? `${String(code ?? signal)} ${said}`}`;
}

async function undisturbed(connectionString: string, directory: string, direction: Direction): Promise<Undisturbed> {
  const version = targetOf(direction);
  const started = await MigratingProcess.start({ connectionString, options: { directory }, version });
  const begun = performance.now();
  const ended = await started.go();
  const ms = performance.now() - begun;
  if (ended.told === undefined || ended.told.error !== undefined) throw new Error(describe(ended));
  return { events: ended.told.events, ms };
}
