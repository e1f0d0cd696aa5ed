import { expect } from 'chai';
import { asyncRoute } from '../../../lib/express/async-route.js';

type Next = (error?: unknown) => void;

function recorder(): { calls: unknown[][]; next: Next } {
  const calls: unknown[][] = [];
  return { calls, next: (...args) => calls.push(args) };
}

describe('asyncRoute', () => {
  it('hands a rejection to next', async () => {
    const { calls, next } = recorder();
    const error = new Error('late');
    await asyncRoute(async (_req: object, _res: object, _next: Next) => {
      await Promise.resolve();
      throw error;
    })({}, {}, next);
    expect(calls).to.deep.equal([[error]]);
  });

  it('hands a synchronous throw to next', async () => {
    const { calls, next } = recorder();
    const error = new Error('at once');
    const route = asyncRoute((_req: object, _res: object, _next: Next): unknown => {
      throw error;
    });
    await route({}, {}, next);
    expect(calls).to.deep.equal([[error]]);
  });

  it('calls next once, whatever the handler does', async () => {
    const { calls, next } = recorder();
    const first = new Error('first');
    await asyncRoute(async (_req: object, _res: object, done: Next) => {
      done(first);
      done(new Error('second'));
      throw new Error('third');
    })({}, {}, next);
    expect(calls).to.deep.equal([[first]]);
  });

  it('lets the handler go on to the next route', async () => {
    const { calls, next } = recorder();
    await asyncRoute(async (_req: object, _res: object, done: Next) => done())({}, {}, next);
    expect(calls).to.deep.equal([[]]);
  });

  it('does not call next for a handler that has answered', async () => {
    const { calls, next } = recorder();
    await asyncRoute(async (_req: object, _res: object, _next: Next) => 'answered')({}, {}, next);
    expect(calls).to.deep.equal([]);
  });

  it('makes an error of a rejection without a reason, which next would take for success', async () => {
    const { calls, next } = recorder();
    const nothing: unknown = undefined;
    await asyncRoute(async (_req: object, _res: object, _next: Next) => {
      throw nothing;
    })({}, {}, next);
    expect(calls).to.have.length(1);
    expect(calls[0]?.[0]).to.be.instanceOf(Error);
  });

  it('keeps the number of parameters by which Express tells error handlers', async () => {
    expect(asyncRoute((_req: object, _res: object) => undefined)).to.have.length(3);
    expect(asyncRoute((_req: object, _res: object, _next: Next) => undefined)).to.have.length(3);
    const { calls, next } = recorder();
    const seen: unknown[] = [];
    const error = new Error('from the route');
    const four = asyncRoute(async (given: unknown, req: object, res: object, _next: Next) => {
      seen.push(given, req, res);
      throw given as Error;
    });
    expect(four).to.have.length(4);
    const [req, res] = [{ is: 'req' }, { is: 'res' }];
    await four(error, req, res, next);
    expect(seen).to.deep.equal([error, req, res]);
    expect(calls).to.deep.equal([[error]]);
  });
});
