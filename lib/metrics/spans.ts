import type * as Api from '@opentelemetry/api';
import type { Scope } from '../core/scope/scope.js';
import type { AnsweredStatement } from '../monitor/hooks.js';
import { codeOf } from './query-outcome.js';
import type { MetricsSource } from './source.js';
import { version } from './version.js';

const SQLSTATE_LENGTH = 5;

export interface Spans {
  readonly onAsked: (text: string, scope: Scope) => void;
  readonly onAnswered: (
    statement: AnsweredStatement,
    ms: number,
    error: Error | undefined,
    attributes: Api.Attributes,
  ) => void;
}

/**
 * A span for each statement of a request. Its parent is what was the active span where the request's last statement was
 * asked for: that of the statement itself, unless statements of one request run side by side under spans of their own. An
 * answer comes in the context of the socket, where no request is known.
 */
export function spansOf(api: typeof Api, source: MetricsSource): Spans {
  const tracer = api.trace.getTracer('express-db-resilience', version);
  const parents = new WeakMap<Scope, Api.Context>();
  return {
    onAsked: (_text, scope) => {
      parents.set(scope, api.context.active());
    },
    onAnswered: ({ text, scope }, ms, error, attributes) => {
      const parent = scope === undefined ? undefined : parents.get(scope);
      if (parent === undefined) return;
      const endTime = Date.now();
      const statement = source.statements.of(text);
      const span = tracer.startSpan(
        statement.operation === 'OTHER' ? 'postgresql' : statement.operation,
        { kind: api.SpanKind.CLIENT, startTime: endTime - ms, attributes },
        parent,
      );
      if (span.isRecording()) span.setAttribute('db.query.text', statement.text);
      if (error !== undefined) {
        // No message: a database's repeats values.
        span.setStatus({ code: api.SpanStatusCode.ERROR });
        const code = codeOf(error);
        if (code?.length === SQLSTATE_LENGTH) span.setAttribute('db.response.status_code', code);
      }
      span.end(endTime);
    },
  };
}
