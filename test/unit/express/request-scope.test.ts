import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import { bindingScope } from '../../../lib/core/scope/current.js';
import { RequestScope } from '../../../lib/express/request-scope.js';
import { enforce } from '../../../lib/pool/mode.js';
import { refusal } from '../../../lib/pool/scope-rules.js';
import { FakeClock } from '../../../lib/testing/index.js';

describe('RequestScope', () => {
  let req: IncomingMessage;
  let res: ServerResponse;

  beforeEach(() => {
    req = new IncomingMessage(new Socket());
    res = new ServerResponse(req);
  });

  describe('onEnd', () => {
    const happened: string[] = [];

    beforeEach(() => {
      happened.length = 0;
      for (const event of ['finish', 'close']) res.on(event, () => happened.push(event));
      const scope = RequestScope.open(req, res, 1000);
      scope.bind({ onCancelled: ({ by }) => happened.push(`cancelled by ${by}`), onDeadlineMoved: () => undefined });
      scope.onEnd = () => happened.push('end');
    });

    it('is called once where the answer is out, and nothing is cancelled; before listeners that were there already', () => {
      res.end();
      res.emit('finish');
      res.emit('close');
      expect(happened).to.deep.equal(['end', 'finish', 'close']);
    });

    it('is called where the client has left, once what runs for him is cancelled', () => {
      res.emit('close');
      expect(happened).to.deep.equal(['cancelled by client', 'end', 'close']);
    });
  });

  it('without a deadline goes on refusing reads for 30 s after its client has left, and then binds nothing new', () => {
    const clock = new FakeClock();
    const scope = RequestScope.open(req, res, false, clock);
    res.emit('close');
    for (const ms of [0, 29_999]) {
      clock.advance(ms);
      expect(bindingScope(scope), `after ${String(clock.now())} ms`).to.equal(scope);
      expect(
        refusal(scope, performance.now(), { cancelOnDisconnect: 'reads', mode: enforce }, 'select 1'),
      ).to.have.property('code', 'DB_CANCELLED');
    }
    clock.advance(1);
    expect(bindingScope(scope)).to.equal(undefined);
  });

  for (const [first, second, holds] of [
    [1000, 500, 500],
    [500, 1000, 500],
    [false, 500, 500],
    [500, false, 500],
  ] as const) {
    it(`has the shorter one of the defaults ${String(first)} and ${String(second)}`, () => {
      const scope = RequestScope.open(req, res, first);
      expect(RequestScope.open(req, res, second)).to.equal(scope);
      expect(scope.timeoutMs).to.equal(holds);
    });
  }

  for (const set of [1000, 100, false] as const) {
    it(`keeps the deadline ${String(set)} that was set for it where a default comes later`, () => {
      const scope = RequestScope.open(req, res, 200);
      scope.setTimeout(set);
      RequestScope.open(req, res, 500);
      expect(scope.timeoutMs).to.equal(set === false ? Infinity : set);
    });
  }
});
