import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import type { Request } from 'express';
import { silentLogger } from '../../../../lib/core/logger.js';
import { isLocal, mayShowSql } from '../../../../lib/express/access.js';
import { metricsRouter } from '../../../../lib/express/metrics-routes.js';
import type { MetricsOptions } from '../../../../lib/express/metrics-routes.js';
import { SparingLog } from '../../../../lib/express/sparing-log.js';
import { FakeClock } from '../../../../lib/testing/index.js';
import { serve } from './service.js';
import type { Asked } from './service.js';
import { fakeSource } from './source.js';

describe('SQL is shown', () => {
  async function status(asked: Asked, options?: MetricsOptions): Promise<number> {
    const service = await serve(metricsRouter(fakeSource(), options));
    try {
      return (await service.get('/api/metrics/queries', asked)).status;
    } finally {
      await service.close();
    }
  }

  describe('to a request from the same machine', () => {
    for (const host of [
      'localhost',
      'localhost:3000',
      'LOCALHOST',
      '127.0.0.1',
      '127.0.0.1:80',
      '[::1]',
      '[::1]:3000',
    ]) {
      it(`with the Host ${host}`, async () => {
        expect(await status({ headers: { Host: host } })).to.equal(200);
      });
    }

    it('over IPv6', async () => {
      expect(await status({ address: '::1' })).to.equal(200);
    });

    it('of a page of this service itself', async () => {
      expect(await status({ headers: { Host: 'localhost:3000', Origin: 'http://localhost:3000' } })).to.equal(200);
    });
  });

  describe('not', () => {
    for (const host of [
      'example.com',
      'localhost.example.com',
      'localhost.',
      'example.com:80@localhost',
      '127.0.0.1.nip.io',
      '127.0.0.2',
      '10.0.0.1',
      '[::2]',
      '::1',
      '0.0.0.0',
      'localhost:',
      'localhost:port',
    ]) {
      it(`with the Host ${JSON.stringify(host)}`, async () => {
        expect(await status({ headers: { Host: host } })).to.equal(403);
      });
    }

    for (const header of [
      'Forwarded',
      'X-Forwarded-For',
      'X-Forwarded-Host',
      'x-forwarded-anything',
      'X-Forwarded',
      'X-Real-IP',
      'Via',
      'CF-Connecting-IP',
      'True-Client-IP',
      'X-Client-IP',
    ]) {
      it(`with a header ${header}, be it empty or of this machine`, async () => {
        expect(await status({ headers: { [header]: '127.0.0.1' } })).to.equal(403);
        expect(await status({ headers: { [header]: '' } })).to.equal(403);
      });
    }

    for (const origin of ['https://example.com', 'http://localhost:8080', 'null']) {
      it(`to a page of ${origin}`, async () => {
        expect(await status({ headers: { Host: 'localhost:3000', Origin: origin } })).to.equal(403);
      });
    }
  });

  it('to loopback addresses only, and not over HTTP/1.0 or a socket file', () => {
    const from = (remoteAddress: string | undefined, more: object = {}) =>
      isLocal({
        socket: { remoteAddress },
        headers: { host: 'localhost' },
        httpVersion: '1.1',
        ...more,
      } as IncomingMessage);
    for (const address of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1']) {
      expect(from(address), address).to.equal(true);
      expect(from(address, { httpVersion: '1.0' })).to.equal(false);
      expect(from(address, { headers: {} })).to.equal(false);
    }
    for (const address of [undefined, '', '10.0.0.1', '128.0.0.1', '::ffff:10.0.0.1', '::2', 'fe80::1', '1127.0.0.1']) {
      expect(from(address), String(address)).to.equal(false);
    }
  });

  describe('where there is an authorize', () => {
    const local = {};
    const remote = { headers: { Host: 'example.com', Via: '1.1 proxy' } };

    it('as it decides, at once or later, for everybody', async () => {
      for (const asked of [local, remote]) {
        expect(await status(asked, { authorize: () => true })).to.equal(200);
        expect(await status(asked, { authorize: async () => true })).to.equal(200);
        expect(await status(asked, { authorize: () => false })).to.equal(403);
        expect(await status(asked, { authorize: async () => false })).to.equal(403);
      }
    });

    it('by the request', async () => {
      const authorize = (req: Request) => req.get('Authorization') === 'Bearer x';
      expect(await status(remote, { authorize })).to.equal(403);
      expect(await status({ headers: { Authorization: 'Bearer x' } }, { authorize })).to.equal(200);
    });

    it('for true only', async () => {
      for (const answer of [1, 'true', {}, undefined, null]) {
        expect(await status(local, { authorize: () => answer as never })).to.equal(403);
      }
    });

    it('not where it throws or rejects, which is logged once a minute and not told', async () => {
      const lines: string[] = [];
      const logger = { ...silentLogger, warn: (_fields: object, message: string) => void lines.push(message) };
      const fails: MetricsOptions['authorize'][] = [
        () => {
          throw new Error('secret');
        },
        async () => Promise.reject(new Error('secret')),
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        async () => Promise.reject(undefined),
      ];
      for (const authorize of fails) {
        const service = await serve(metricsRouter(fakeSource(), { authorize, logger }));
        for (const _time of [1, 2]) {
          const { status: answered, text } = await service.get('/api/metrics/queries');
          expect(answered).to.equal(403);
          expect(text).not.to.include('secret');
          expect((await service.get('/api/metrics/database')).body.redacted).to.equal(true);
        }
        await service.close();
      }
      expect(lines).to.deep.equal(
        fails.map(() => 'The option "authorize" of the monitoring routes failed; the request was denied'),
      );
    });

    it('not where it has not answered after 5 s; what it answers later counts for nothing', async () => {
      for (const late of ['answered', 'failed'] as const) {
        const clock = new FakeClock();
        let settle: () => void = () => undefined;
        const authorize = () =>
          new Promise<boolean>(
            (resolve, reject) => (settle = () => (late === 'answered' ? resolve(true) : reject(new Error('late')))),
          );
        let answer: boolean | undefined;
        const asking = mayShowSql({} as IncomingMessage, authorize, new SparingLog(), clock).then(
          (it) => (answer = it),
        );
        await clock.advanceAsync(4999);
        expect(answer).to.equal(undefined);
        await clock.advanceAsync(1);
        await asking;
        expect(answer).to.equal(false);
        settle();
        await clock.advanceAsync(1);
        expect(clock.pending).to.equal(0);
      }
    });

    it('without leaving a timer behind', async () => {
      const clock = new FakeClock();
      expect(await mayShowSql({} as IncomingMessage, () => true, new SparingLog(), clock)).to.equal(true);
      expect(clock.pending).to.equal(0);
    });
  });
});
