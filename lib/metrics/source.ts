import type { Statements } from '../core/sql/statements.js';
import type { ConnectionCounts } from '../monitor/reports.js';

/** What is read when somebody asks for the metrics: nothing here is on the path of a statement. */
export interface MetricsSource {
  /** The pool's name, the label `database` of every series. */
  readonly database: string;
  readonly statements: Statements;
  counts(): ConnectionCounts;
  /** `rejections`: calls refused since the pool was made. */
  circuit(): { state: 'closed' | 'open' | 'half-open' | 'isolated'; rejections: number };
  /** Connections that are held for longer than the threshold, now. */
  leaksSuspected(): number;
  /** Reported since the pool was made. */
  leaksReported(): number;
  /** `status`: 0 healthy, 1 degraded, 2 unhealthy. `probedAt`: milliseconds since 1970; undefined before the first probe. */
  health(): { status: 0 | 1 | 2; probeMs: number | undefined; probedAt: number | undefined };
  /** @returns what ends it */
  onTransition(listener: (to: Transition) => void): () => void;
}

export type Transition = 'open' | 'half-open' | 'closed';
