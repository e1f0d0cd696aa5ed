import type { Scope } from '../core/scope/scope.js';
import type { AcquireFailure, AnsweredStatement, Lease, PoolHooks } from './hooks.js';

/** Everybody who is told of a pool's work. One who throws is told nothing more, and the work goes on. */
export class HookList implements PoolHooks {
  readonly #onThrown: (error: unknown) => void;
  readonly #onDropped = new WeakMap<PoolHooks, () => void>();
  #hooks: readonly PoolHooks[] = [];

  constructor(onThrown: (error: unknown) => void) {
    this.#onThrown = onThrown;
  }

  get isEmpty(): boolean {
    return this.#hooks.length === 0;
  }

  /** @param onDropped called where they are told nothing more because they have thrown */
  add(hooks: PoolHooks, onDropped?: () => void): void {
    this.#hooks = [...this.#hooks, hooks];
    if (onDropped !== undefined) this.#onDropped.set(hooks, onDropped);
  }

  /** @param error why; nobody hears of it a second time */
  drop(hooks: PoolHooks, error: unknown): void {
    if (!this.#hooks.includes(hooks)) return;
    this.#hooks = this.#hooks.filter((one) => one !== hooks);
    this.#onDropped.get(hooks)?.();
    this.#onThrown(error);
  }

  onCreated(ms: number): void {
    for (const hooks of this.#hooks) {
      try {
        hooks.onCreated(ms);
      } catch (error) {
        this.drop(hooks, error);
      }
    }
  }

  onAcquired(waitMs: number): void {
    for (const hooks of this.#hooks) {
      try {
        hooks.onAcquired(waitMs);
      } catch (error) {
        this.drop(hooks, error);
      }
    }
  }

  onAcquireFailed(reason: AcquireFailure, waitMs: number): void {
    for (const hooks of this.#hooks) {
      try {
        hooks.onAcquireFailed(reason, waitMs);
      } catch (error) {
        this.drop(hooks, error);
      }
    }
  }

  onLent(lease: Lease): void {
    for (const hooks of this.#hooks) {
      try {
        hooks.onLent(lease);
      } catch (error) {
        this.drop(hooks, error);
      }
    }
  }

  onReleased(heldMs: number, lease: Lease | undefined): void {
    for (const hooks of this.#hooks) {
      try {
        hooks.onReleased(heldMs, lease);
      } catch (error) {
        this.drop(hooks, error);
      }
    }
  }

  onAsked(text: string, scope: Scope): void {
    for (const hooks of this.#hooks) {
      try {
        hooks.onAsked(text, scope);
      } catch (error) {
        this.drop(hooks, error);
      }
    }
  }

  onAnswered(statement: AnsweredStatement, ms: number, error: Error | undefined): void {
    for (const hooks of this.#hooks) {
      try {
        hooks.onAnswered(statement, ms, error);
      } catch (thrown) {
        this.drop(hooks, thrown);
      }
    }
  }

  onRetried(hasSucceeded: boolean): void {
    for (const hooks of this.#hooks) {
      try {
        hooks.onRetried(hasSucceeded);
      } catch (error) {
        this.drop(hooks, error);
      }
    }
  }
}
