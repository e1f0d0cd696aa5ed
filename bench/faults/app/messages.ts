import type { CircuitSeen } from './circuit-watch.js';
import type { Inside } from './inside.js';
import type { StackName } from '../names.js';

export interface Start {
  readonly stack: StackName;
  readonly connectionString: string;
}

/** What the application can be asked, and what it answers. */
export interface Answers {
  look: Inside;
  heap: number;
  /** Since the last time; null where there is no circuit to look at. */
  circuit: CircuitSeen | null;
}

export interface Question {
  readonly id: number;
  readonly what: keyof Answers;
}

export type Told =
  | { readonly port: number }
  | { readonly id: number; readonly answer: Answers[keyof Answers] }
  | { readonly id: number; readonly failed: string };
