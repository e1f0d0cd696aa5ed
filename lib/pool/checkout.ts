import type { Scope } from '../core/scope/scope.js';
import type { Lease } from '../monitor/hooks.js';

/** Between the application and this file there are frames of ours, and of a query builder perhaps. */
const FRAMES = 25;

/** A client that is checked out, and by whom. Made in the call of its borrower, so that a stack is his. */
export class Checkout implements Lease {
  since = 0;
  isLongLived = false;
  readonly requestId: string | undefined;
  readonly borrower: { readonly stack?: string } = {};

  constructor(scope: Scope | undefined, withStack: boolean) {
    this.requestId = scope?.requestId;
    if (!withStack) return;
    const { stackTraceLimit } = Error;
    // An assignment would throw where an application has frozen Error.
    Reflect.set(Error, 'stackTraceLimit', FRAMES);
    Error.captureStackTrace(this.borrower, Checkout);
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}
