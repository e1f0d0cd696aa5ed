import { expect } from 'chai';
import type { Answer } from './call.js';

/** How much later than its deadline an answer may come here, on a machine that does other things as well. */
export const slackMs = 400;

/** 504, not before the deadline and not much after it. */
export function expectDeadline({ status, headers, text, ms }: Answer, deadlineMs: number): void {
  expect(status, text).to.equal(504);
  expect(headers['content-type']).to.equal('application/problem+json');
  expect(headers['retry-after']).to.match(/^[12]$/);
  expect(JSON.parse(text)).to.include({ status: 504, code: 'DB_DEADLINE_EXCEEDED' });
  expect(ms).to.be.within(deadlineMs, deadlineMs + slackMs);
}
