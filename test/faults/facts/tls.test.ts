import { expect } from 'chai';
import { describe } from 'mocha';
import { startPostgres } from '../../../lib/testing/index.js';
import { backendPid, failure, Rig, soon, timed, value } from './rig.js';

describe('facts: TLS', () => {
  const rig = new Rig(() => startPostgres({ tls: true }));

  rig.fact(
    'pg-failures: pg verifies certificates for sslmode=require: given a self-signed one, then it fails in pg and in ours alike',
    async () => {
      const connectionString = `${rig.server.connectionString}?sslmode=require`;
      const bareError = await failure(rig.bare({ connectionString }).query('select 1'));
      expect(bareError.code).to.equal('DEPTH_ZERO_SELF_SIGNED_CERT');

      const error = await failure(rig.resilient({ connectionString }).query('select 1'));
      expect([error.code, error.outcome]).to.deep.equal(['DB_CONNECTION_LOST', 'not-executed']);
      expect((error.cause as NodeJS.ErrnoException).code).to.equal('DEPTH_ZERO_SELF_SIGNED_CERT');
      expect(error.message).to.include('self-signed certificate').and.to.not.include(rig.server.password);
    },
  );

  rig.fact(
    'pg-failures: pg verifies certificates: given the certificate is trusted as ca, then pg and ours connect, encrypted',
    async () => {
      const ssl = { ca: rig.server.tlsCertificate };
      for (const pool of [rig.bare({ ssl }), rig.resilient({ ssl })]) {
        const { rows } = await value(
          pool.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()'),
        );
        expect(rows).to.deep.equal([{ ssl: true }]);
      }
    },
  );

  rig.fact(
    'pg-failures: a CancelRequest before TLS: given a statement on a TLS connection that times out, then it is cancelled on the server and the cancel is encrypted too',
    async () => {
      const { user, password, database, tlsCertificate } = rig.server;
      const relay = await rig.relay();
      const where = { connectionString: undefined, host: 'localhost', port: relay.port, user, password, database };
      const pool = rig.resilient({ ...where, max: 1, ssl: { ca: tlsCertificate } });
      const pid = await backendPid(pool);
      expect((await failure(pool.query(timed('select pg_sleep(9)', 200)))).code).to.equal('DB_QUERY_TIMEOUT');
      await soon(async () => (await rig.sessions())[0]?.state === 'idle', 'the server has stopped the statement');
      expect(await backendPid(pool)).to.equal(pid);
      expect(relay.requestCodes).to.deep.equal([sslRequest, sslRequest]);
    },
  );
});

const sslRequest = 80877103;
