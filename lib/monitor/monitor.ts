import { systemClock } from '../core/clock.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { outsideRequests } from '../core/root-scope.js';
import type { Scope } from '../core/scope/scope.js';
import { Statements } from '../core/sql/statements.js';
import type { CircuitState } from '../policy/circuit/change.js';
import { Answers } from './answers.js';
import { ConnectionMonitor } from './connections.js';
import { Explainer } from './explain.js';
import { healthStatus } from './health-status.js';
import type { AcquireFailure, AnsweredStatement, Lease, PoolHooks } from './hooks.js';
import type { Inspect } from './inspect.js';
import { Leaks } from './leaks.js';
import { QueryMonitor } from './queries.js';
import { RepeatedStatements } from './repeated-statements.js';
import type { ConnectionCounts, HealthStatus } from './reports.js';
import { ServerView } from './server-view.js';
import { SlowQueries } from './slow-queries.js';
import { Utilisation } from './utilisation.js';

/** What its user chooses. */
export interface MonitorSettings {
  readonly slowQueryThresholdMs: number;
  readonly explain: boolean;
  readonly leakThresholdMs: number | false;
  readonly repeatedInRequest: number | false;
  readonly acquisitionSamples: number;
  readonly statementBytes: number;
}

export interface MonitorOptions extends MonitorSettings {
  /** The pool's. */
  readonly name: string;
  readonly logger: Logger;
  readonly counts: () => ConnectionCounts;
  readonly circuit: () => { readonly circuitState: CircuitState; readonly refuses: boolean };
  readonly inspect: Inspect;
  /** Told of each lease that is reported. */
  readonly onLeak: (lease: Lease) => void;
  readonly clock?: Clock;
}

const TICK_MS = 1000;

/** What is known of a pool's work: of its connections, its statements, and those who hold the ones and repeat the others. */
export class Monitor implements PoolHooks {
  readonly statements: Statements;
  readonly connections: ConnectionMonitor;
  readonly slow: SlowQueries;
  readonly leaks: Leaks;
  readonly server: ServerView;
  readonly #queries: QueryMonitor;
  readonly #answers: Answers;
  readonly #repeated: RepeatedStatements;
  readonly #explainer: Explainer | undefined;
  readonly #utilisation = new Utilisation();
  readonly #options: MonitorOptions;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: MonitorOptions) {
    const { name, logger, inspect, explain, statementBytes, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    this.statements = new Statements(statementBytes / 3);
    this.connections = new ConnectionMonitor(options.acquisitionSamples, clock);
    this.#queries = new QueryMonitor({ mostBytes: (2 * statementBytes) / 3 });
    this.#answers = new Answers(this.#queries, clock);
    this.#explainer = explain ? new Explainer({ inspect, logger, name }) : undefined;
    this.slow = new SlowQueries({
      ...{ name, logger },
      thresholdMs: options.slowQueryThresholdMs,
      explainer: this.#explainer,
    });
    this.leaks = new Leaks({ name, logger, thresholdMs: options.leakThresholdMs, onLeak: options.onLeak, clock });
    this.#repeated = new RepeatedStatements({
      ...{ name, logger },
      threshold: options.repeatedInRequest,
      statements: this.statements,
      clock,
    });
    this.server = new ServerView({ inspect, clock });
  }

  get queries(): QueryMonitor {
    this.#answers.flush();
    return this.#queries;
  }

  health(): HealthStatus {
    const { counts, circuit } = this.#options;
    return healthStatus(counts(), this.connections.acquisitions, {
      ...circuit(),
      leaks: this.leaks.suspects,
      sustainedHighMs: this.#utilisation.sustainedHighMs,
    });
  }

  onCreated(): void {
    if (this.#timer === undefined && !this.#isClosed) this.#schedule();
  }

  onAcquired(waitMs: number): void {
    this.connections.acquisitions.acquired(waitMs);
  }

  onAcquireFailed(reason: AcquireFailure, waitMs: number): void {
    this.connections.acquisitions.failed(reason, waitMs);
  }

  onLent(lease: Lease): void {
    this.leaks.lent(lease);
  }

  onReleased(heldMs: number, lease: Lease | undefined): void {
    if (lease !== undefined) this.leaks.returned(lease, heldMs);
  }

  onAsked(text: string, scope: Scope): void {
    this.#repeated.asked(text, scope);
  }

  onAnswered(statement: AnsweredStatement, ms: number, error: Error | undefined): void {
    const { text } = statement;
    const known = this.statements.of(text);
    this.#answers.add(known, statement, ms, error !== undefined);
    if (ms >= this.#options.slowQueryThresholdMs) this.slow.take(known, text, statement, ms, error);
  }

  onRetried(): void {}

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.leaks.close();
    this.slow.close();
    this.#explainer?.close();
  }

  #schedule(): void {
    this.#timer = outsideRequests(() =>
      this.#clock.setTimeout(() => {
        const counts = this.#options.counts();
        this.#utilisation.look(this.#clock.now(), counts);
        this.connections.snapshot(counts);
        this.#schedule();
      }, TICK_MS),
    );
    this.#timer.unref?.();
  }
}
