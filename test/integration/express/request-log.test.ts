import { expect } from 'chai';
import type { Request } from 'express';
import { pino } from 'pino';
import { pinoHttp } from 'pino-http';
import { dbResilience, detached } from '../../../lib/index.js';
import type { Logger } from '../../../lib/index.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually } from '../../support/settle.js';
import { failureOf } from '../compat/failure-of.js';
import { closeServicesAfterEach, service } from './scope/service.js';
import type { Making } from './scope/service.js';
import { versions } from './versions.js';

interface Line {
  level: number;
  msg: string;
  status?: number;
  db?: { statements: number; database_ms: number; cancellations: number };
  req?: Record<string, unknown>;
  res?: Record<string, unknown>;
  responseTime?: number;
  err?: { message?: string };
}

const headers = {
  'X-Request-Id': 'r-17',
  Cookie: 'session=secret-cookie',
  Authorization: 'Bearer secret-token',
};

describe('the log line of a request', () => {
  closeServicesAfterEach();
  let lines: Line[];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };

  beforeEach(() => {
    lines = [];
  });

  for (const version of versions) {
    it(`is that of the application's pino-http, one, with what the request has cost (${version.name})`, async () => {
      const app = await service({ version, before: [pinoHttp({}, stream)] }, routes);
      const { status } = await app.call('/three').answer;
      expect(status).to.equal(200);
      const line = await theLine();
      expect(line.db).to.include({ statements: 3, cancellations: 0 });
      expect(line.db?.database_ms).to.be.within(60, 1000);
      expect(line.req).to.include({ method: 'GET', url: '/three' });
      expect(line.responseTime).to.be.at.least(60);
    });
  }

  it("is that of the application's pino-http, though the database has a logger of its own", async () => {
    const own: string[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => void own.push(line) });
    const app = await service({ before: [pinoHttp({}, stream)], logger }, routes);
    await app.call('/three').answer;
    expect((await theLine()).db).to.include({ statements: 3 });
    expect(own.filter((line) => /"(?:db|responseTime)":/.test(line))).to.deep.equal([]);
  });

  it("is written by pino-http on the database's own logger, without what may be secret", async () => {
    const app = await service({ logger: pino({}, stream) }, routes);
    lines = [];
    await app.call('/three?token=secret-query', { headers }).answer;
    const line = await theLine();
    expect(line.req).to.deep.include({ method: 'GET', path: '/three' });
    expect(line.req).to.have.property('id', 'r-17');
    expect(line.res).to.deep.equal({ statusCode: 200 });
    expect(line.responseTime).to.be.at.least(60);
    expect(line.db).to.include({ statements: 3, cancellations: 0 });
    expect(JSON.stringify(line)).not.to.match(/secret|cookie|authorization|token/i);
  });

  it('is one a request, with the costs of that request alone', async () => {
    const app = await service({ before: [pinoHttp({}, stream)] }, routes);
    await Promise.all(Array.from({ length: 20 }, (_, n) => app.call(`/statements/${String(n)}`).answer));
    await eventually(() => lines.length >= 20, 5000, 'the lines are written');
    const told = lines.map(({ req, db }) => [req?.url, db?.statements]);
    expect(told).to.have.deep.members(Array.from({ length: 20 }, (_, n) => [`/statements/${String(n)}`, n]));
  });

  it('is ours on a logger that is no pino', async () => {
    const { logger, told } = plainLogger();
    const app = await service({ logger }, routes);
    told.length = 0;
    await app.call('/three?token=secret-query', { headers }).answer;
    await eventually(() => told.length > 0, 5000, 'a line is written');
    expect(told).to.have.length(1);
    const [{ level, fields, message } = {}] = told;
    expect({ level, message }).to.deep.equal({ level: 'info', message: 'request completed' });
    expect(fields).to.have.all.keys('request_id', 'status', 'duration_ms', 'db');
    expect(fields).to.deep.include({ request_id: 'r-17', status: 200 });
    expect(fields?.duration_ms).to.be.at.least(60);
    expect(fields?.db).to.include({ statements: 3, cancellations: 0 });
  });

  it('is ours on the req.log that something else than pino-http has left, before the logger of the database', async () => {
    const { logger: log, told } = plainLogger();
    const leave = (req: object, _res: unknown, next: () => void) => {
      Object.assign(req, { log });
      next();
    };
    const app = await service({ before: [leave], logger: pino({}, stream) }, routes);
    lines = [];
    await app.call('/three').answer;
    await eventually(() => told.length > 0, 5000, 'a line is written');
    expect(told.map(({ fields }) => (fields as unknown as Line).db?.statements)).to.deep.equal([3]);
    expect(lines).to.deep.equal([]);
  });

  it('is there for the answer 504 as well, and tells of the statement that was cancelled', async () => {
    const app = await service({ before: [pinoHttp({}, stream)], requestTimeoutMs: 300 }, routes);
    expect((await app.call('/hostile').answer).status).to.equal(504);
    const line = await theLine();
    expect(line.db).to.include({ statements: 3, cancellations: 1 });
    expect(line.db?.database_ms).to.be.within(250, 1000);
    expect(line.res).to.include({ statusCode: 504 });
  });

  it('counts what was sent again, statements and transactions', async () => {
    const server = await sharedPostgres();
    await server.query('create sequence runs');
    await server.query(
      `create function every_other() returns void language plpgsql as $$
       begin
         if nextval('runs') % 2 = 1 then raise exception 'not yet' using errcode = '40001'; end if;
       end $$`,
    );
    const app = await service({ before: [pinoHttp({}, stream)] }, routes);
    expect((await app.call('/again').answer).status).to.equal(200);
    await server.query('drop function every_other; drop sequence runs');
    expect((await theLine()).db).to.include({ retries: 2 });
  });

  it('counts the time of a statement from its turn, not from the call', async () => {
    const app = await service({ before: [pinoHttp({}, stream)] }, routes);
    await app.call('/queued').answer;
    // From the calls it would be 2000.
    expect((await theLine()).db?.database_ms).to.be.within(800, 1900);
  });

  it('counts a wait for a connection that the deadline has ended, which is no statement', async () => {
    const app = await service({ before: [pinoHttp({}, stream)], requestTimeoutMs: 200, max: 1 }, routes);
    const held = await app.pool.connect();
    expect((await app.call('/statements/1').answer).status).to.equal(504);
    held.release();
    expect((await theLine()).db).to.deep.equal({ statements: 0, database_ms: 0, cancellations: 1, retries: 0 });
  });

  it('does not count what is detached', async () => {
    const app = await service({ before: [pinoHttp({}, stream)] }, ({ app: own, pool }) => {
      own.get('/', async (req, res) => {
        await pool.query('select 1');
        await detached(() => req.db.query('select 2'));
        res.json({});
      });
    });
    await app.call('/').answer;
    expect((await theLine()).db).to.include({ statements: 1 });
  });

  for (const [kind, status] of [
    // Of an answer that was not sent its serializer tells no status.
    ['pino-http of the application', null],
    ['a pino of the database', 499],
    ['a logger that is no pino', 499],
  ] as const) {
    it(`is one where the client has left, and tells of the cancellation: ${kind}`, async () => {
      const { logger, told } = plainLogger();
      const options = kind.startsWith('pino-http')
        ? { before: [pinoHttp({}, stream)] }
        : { logger: kind.includes('no pino') ? logger : pino({}, stream) };
      const app = await service(options, routes);
      lines = [];
      told.length = 0;
      const { leave } = app.call('/sleep');
      await app.runs('pg_sleep(20)');
      leave();
      const all = () =>
        [...lines, ...told.map(({ fields }) => fields as unknown as Line)].filter(({ db }) => db !== undefined);
      await eventually(() => all().length > 0, 5000, 'a line is written');
      await eventually(async () => (await app.running()).length === 0, 5000, 'the read is cancelled');
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(all()).to.have.length(1);
      const [line] = all();
      expect(line?.db).to.include({ statements: 1, cancellations: 1 });
      expect(line?.res === undefined ? line?.status : line.res.statusCode).to.equal(status);
      expect(line?.level).to.equal(line?.res === undefined ? undefined : pino.levels.values.info);
    });
  }

  it('is none without a logger, and none with requestLog: false', async () => {
    const { logger, told } = plainLogger();
    const quiet = await service({ logger, requestLog: false }, routes);
    const silent = await service({}, routes);
    told.length = 0;
    const out: string[] = [];
    const write = process.stdout.write.bind(process.stdout);
    process.stdout.write = (text: unknown) => {
      out.push(String(text));
      return true;
    };
    try {
      for (const app of [quiet, silent]) expect((await app.call('/three').answer).status).to.equal(200);
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      process.stdout.write = write;
    }
    expect(told).to.deep.equal([]);
    expect(out).to.deep.equal([]);
  });

  it("leaves the application's pino-http as it is with requestLog: false", async () => {
    const app = await service({ before: [pinoHttp({}, stream)], requestLog: false }, routes);
    await app.call('/three').answer;
    expect(await theLine()).not.to.have.property('db');
  });

  it('is one where dbResilience is mounted twice', async () => {
    const app = await service({ logger: pino({}, stream) }, (making) => {
      making.app.use(making.resilience as never);
      routes(making);
    });
    lines = [];
    await app.call('/three').answer;
    expect((await theLine()).db).to.include({ statements: 3 });
  });

  for (const kind of ['pino-http of the application', 'a pino', 'a logger that is no pino']) {
    it(`is one, with the costs of both, where there are two databases: ${kind}`, async () => {
      const { logger: plain, told } = plainLogger();
      const raw: string[] = [];
      const collecting = { write: (line: string) => void raw.push(line) };
      const logger = kind === 'a pino' ? pino({}, collecting) : plain;
      const { connectionString } = await sharedPostgres();
      const billing = dbResilience({ connectionString, name: 'billing', property: 'billingDb', logger });
      await billing.ready();
      const before = kind.startsWith('pino-http') ? [pinoHttp({}, collecting)] : [];
      const app = await service({ logger, before }, ({ app: own }) => {
        own.use(billing as never);
        own.get('/', async (req, res) => {
          await req.db.query('select 1');
          await billing.db.query('select 2');
          res.json({});
        });
      });
      told.length = 0;
      raw.length = 0;
      await app.call('/').answer;
      const all = () => [...raw, ...told.map((line) => JSON.stringify(line))];
      await eventually(() => all().length > 0, 5000, 'a line is written');
      await new Promise((resolve) => setTimeout(resolve, 50));
      await billing.close();
      expect(all()).to.have.length(1);
      // JSON.parse would not notice a second one.
      expect(all()[0]?.match(/"db":/g)).to.have.length(1);
      expect(all()[0]).to.match(/"db":\{"statements":2,/);
    });
  }

  for (const kind of ['without a logger', 'with a pino', 'with a logger that is no pino']) {
    for (const leaves of [false, true]) {
      it(`is that of the application's pino-http behind dbResilience ${kind}${leaves ? ', where the client leaves' : ''}`, async () => {
        const { logger: plain, told } = plainLogger();
        const own: string[] = [];
        const logger = kind.includes('no pino') ? plain : pino({}, { write: (line: string) => void own.push(line) });
        const app = await service(kind === 'without a logger' ? {} : { logger }, (making) => {
          making.app.use(pinoHttp({}, stream));
          making.app.get('/own', (req, res) => {
            req.log.info('said by the route');
            res.json({});
          });
          routes(making);
        });
        told.length = 0;
        own.length = 0;
        if (leaves) {
          const { leave } = app.call('/sleep');
          await app.runs('pg_sleep(20)');
          leave();
        } else {
          await app.call('/three').answer;
        }
        expect((await theLine()).db).to.include(
          leaves ? { statements: 1, cancellations: 1, retries: 0 } : { statements: 3, cancellations: 0, retries: 0 },
        );
        await app.call('/own').answer;
        await eventually(() => lines.length === 3, 5000, 'the route has its log');
        expect(lines[1]).to.include({ msg: 'said by the route' });
        expect([...own, ...told]).to.deep.equal([]);
      });
    }
  }

  it("is that of the second database's logger where the first one has none", async () => {
    const { logger, told } = plainLogger();
    const { connectionString } = await sharedPostgres();
    const billing = dbResilience({ connectionString, name: 'billing', property: 'billingDb', logger });
    await billing.ready();
    const app = await service({}, (making) => {
      making.app.use(billing as never);
      routes(making);
    });
    told.length = 0;
    await app.call('/three').answer;
    await eventually(() => told.length > 0, 5000, 'a line is written');
    await billing.close();
    expect(told.map(({ fields }) => (fields as unknown as Line).db?.statements)).to.deep.equal([3]);
  });

  it("is on the level that the answer deserves where it is the database's own", async () => {
    const app = await service({ logger: pino({}, stream), requestTimeoutMs: 300 }, routes);
    lines = [];
    await app.call('/hostile').answer;
    await eventually(() => lines.some(({ db }) => db !== undefined), 5000, 'the line is written');
    const [line] = lines.filter(({ db }) => db !== undefined);
    expect(line?.level).to.equal(pino.levels.values.error);
    expect(line?.res).to.deep.equal({ statusCode: 504 });
  });

  /** The one line, and no second one soon after. */
  async function theLine(): Promise<Line> {
    await eventually(() => lines.length > 0, 5000, 'a line is written');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(lines).to.have.length(1);
    return lines[0] as Line;
  }
});

function routes({ app, route, pool }: Making): void {
  app.get(
    '/three',
    route(async (req, res) => {
      await req.db.query('select pg_sleep(0.02)');
      const client = await pool.connect();
      await client.query('select pg_sleep(0.02)');
      client.release();
      await new Promise<void>((resolve) => pool.query('select pg_sleep(0.02)', () => resolve()));
      res.json({});
    }),
  );
  app.get(
    '/statements/:n',
    route(async (req, res) => {
      for (let turn = 0; turn < Number(req.params.n); turn++) {
        await (turn % 2 === 0 ? req.db : pool).query('select pg_sleep(0.002)');
      }
      res.json({});
    }),
  );
  app.get(
    '/again',
    route(async (req, res) => {
      await req.db.query('select every_other()');
      await req.db.transaction((tx) => tx.query('select every_other()'));
      res.json({});
    }),
  );
  app.get(
    '/queued',
    route(async (req, res) => {
      const client = await req.db.connect();
      await Promise.all([1, 2, 3, 4].map(() => client.query('select pg_sleep(0.2)')));
      client.release();
      res.json({});
    }),
  );
  app.get(
    '/hostile',
    route(async (req) => {
      await req.db.query('select 1');
      await failureOf(req.db.query('select 1 / 0'));
      await pool.query('select pg_sleep(10)');
    }),
  );
  app.get(
    '/sleep',
    route(async (req: Request) => void (await req.db.query('select pg_sleep(20)'))),
  );
}

function plainLogger() {
  const told: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void told.push({ level, fields: fields as Record<string, unknown>, message });
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { logger, told };
}
