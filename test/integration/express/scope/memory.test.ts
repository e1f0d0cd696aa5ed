import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import type { Request, Response } from 'express';
import { eventually } from '../../../support/settle.js';
import { closeServicesAfterEach, service } from './service.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Held {
  readonly req: WeakRef<Request>;
  readonly res: WeakRef<Response>;
}

/** Of a module's own, so that nothing but the context of the request comes along. */
function startTimer(ticks: number[]): NodeJS.Timeout {
  return setInterval(() => ticks.push(1), 10);
}

function hold(req: Request, res: Response): Held {
  return { req: new WeakRef(req), res: new WeakRef(res) };
}

describe('a timer that is started in a request', () => {
  const timers: NodeJS.Timeout[] = [];
  afterEach(() => timers.splice(0).forEach(clearInterval));
  closeServicesAfterEach();

  for (const leaves of [false, true]) {
    it(`does not keep the request ${leaves ? 'that its client has left' : 'that has had its answer'}`, async () => {
      const held: Held[] = [];
      const ticks: number[] = [];
      const app = await service({ requestTimeoutMs: 20_000 }, ({ app: own }) => {
        own.get('/', async (req, res) => {
          held.push(hold(req, res));
          timers.push(startTimer(ticks));
          const client = await req.db.connect();
          await client.query('select 1');
          client.release();
          await req.db.query(leaves ? 'select pg_sleep(20)' : 'select 2');
          res.json({});
        });
      });
      for (let turn = 1; turn <= 3; turn++) {
        const { answer, leave } = app.call('/');
        if (!leaves) expect((await answer).status).to.equal(200);
        else {
          await app.runs('pg_sleep(20)');
          leave();
          await eventually(async () => (await app.running()).length === 0, 2000, 'it is cancelled');
        }
      }
      const before = ticks.length;
      expect(held).to.have.length(3);
      const kept = () => held.flatMap(({ req, res }) => [req.deref(), res.deref()]).filter((one) => one !== undefined);
      await eventually(
        () => {
          collectGarbage();
          return kept().length === 0;
        },
        5000,
        'requests and responses are collected',
      );
      await eventually(() => ticks.length > before, 1000, 'the timers run');
    });
  }
});
