import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import { dbResilience } from '../../../lib/index.js';
import { testDatabase } from '../compat/test-database.js';

const own = 'select query from pg_stat_activity where pid = pg_backend_pid()';
const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the comments of statements', () => {
  async function queriesSeen(sqlComments: boolean, headers: Record<string, string> = {}): Promise<string[]> {
    const { connectionString } = await testDatabase();
    const resilience = dbResilience({ connectionString, ssl: false, max: 1, monitor: { sqlComments } });
    const app = express();
    app.use(resilience);
    app.get('/notes/:id', async (req, res) => {
      const seen: string[] = [];
      const run = async (config: string | { text: string; name?: string }) =>
        void seen.push((await req.db.query<{ query: string }>(config)).rows[0]?.query ?? '');
      await run(own);
      await run({ text: own });
      await run({ text: own, name: 'named' });
      await run(`${own} -- mine`);
      await req.db.transaction(
        async (tx) => void seen.push((await tx.query<{ query: string }>(own)).rows[0]?.query ?? ''),
      );
      res.json(seen);
    });
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const answer = await fetch(`http://127.0.0.1:${String(port)}/notes/secret-7`, { headers });
      const [{ statement } = { statement: '' }] = resilience.db.getQueryPerformance({ sort: 'calls', limit: 1 });
      expect(statement, 'known without the comment').to.equal(own);
      return (await answer.json()) as string[];
    } finally {
      server.close();
      server.closeAllConnections();
      await resilience.close();
    }
  }

  it('name the route and the trace of their request, where there is no comment and no name yet', async () => {
    const comment = `/*route='%2Fnotes%2F%3Aid',traceparent='${trace}'*/`;
    expect(await queriesSeen(true, { traceparent: trace })).to.deep.equal([
      `${own} ${comment}`,
      `${own} ${comment}`,
      own,
      `${own} -- mine`,
      `${own} ${comment}`,
    ]);
  });

  it('name no trace that is none', async () => {
    const [first] = await queriesSeen(true, { traceparent: "x'*/; drop table notes --" });
    expect(first).to.equal(`${own} /*route='%2Fnotes%2F%3Aid'*/`);
  });

  it('are not there unless asked for', async () => {
    expect((await queriesSeen(false, { traceparent: trace }))[0]).to.equal(own);
  });
});
