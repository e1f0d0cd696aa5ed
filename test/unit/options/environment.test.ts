import { expect } from 'chai';
import { clientConfig, resolvePoolOptions } from '../../../lib/pool/options/index.js';

describe('the environment', () => {
  it('gives what the code does not', () => {
    const resolved = resolvePoolOptions(
      {},
      {
        DB_MAX_CONNECTIONS: '50',
        DB_MIN_CONNECTIONS: ' 5 ',
        CONNECTION_TIMEOUT_SECONDS: '2.5',
        SLOW_QUERY_THRESHOLD_MS: '0',
      },
    );
    expect(resolved).to.include({ max: 50, min: 5, acquireTimeoutMs: 2500 });
    expect(resolved.monitor).to.include({ slowQueryThresholdMs: 0 });
  });

  it('is not read where the code speaks, not even for its mistakes', () => {
    const resolved = resolvePoolOptions(
      {
        ...{ max: 3, min: 1, acquireTimeoutMs: 4, monitor: false },
        ...{ host: 'db', port: 5432, ssl: true, sslnegotiation: 'postgres' },
      },
      {
        DB_MAX_CONNECTIONS: 'many',
        DB_MIN_CONNECTIONS: 'few',
        CONNECTION_TIMEOUT_SECONDS: 'long',
        DATABASE_URL: 'mysql://elsewhere',
        PGPORT: 'x',
        PGSSLMODE: 'x',
        PGSSLNEGOTIATION: 'x',
        MONITORING_ENABLED: 'x',
      },
    );
    expect(resolved).to.include({ max: 3, min: 1, acquireTimeoutMs: 4 });
    expect(resolved.pg).to.include({ host: 'db', port: 5432 });
  });

  it('counts an empty variable as not set', () => {
    const names = ['DB_MAX_CONNECTIONS', 'DB_MIN_CONNECTIONS', 'CONNECTION_TIMEOUT_SECONDS', 'MONITORING_ENABLED'];
    const more = ['SLOW_QUERY_THRESHOLD_MS', 'READ_REPLICA_URL', 'DATABASE_URL', 'PGPORT', 'PGSSLMODE'];
    const empty = Object.fromEntries([...names, ...more].map((name, index) => [name, index % 2 ? '' : '  ']));
    const resolved = resolvePoolOptions({}, empty);
    expect(resolved).to.include({ max: 20, min: 2, acquireTimeoutMs: 30_000 });
    expect(resolved.monitor).to.include({ slowQueryThresholdMs: 1000 });
    expect(resolved.readReplicaUrls).to.deep.equal([]);
  });

  for (const [word, enabled] of Object.entries({
    true: true,
    yes: true,
    on: true,
    1: true,
    false: false,
    no: false,
    0: false,
  })) {
    it(`takes MONITORING_ENABLED=${word}`, () => {
      const env = { MONITORING_ENABLED: word };
      expect(resolvePoolOptions({}, env).monitor !== false).to.equal(enabled);
      expect(resolvePoolOptions({ monitor: {} }, env).monitor, 'the code speaks').not.to.equal(false);
    });
  }

  for (const mode of ['prefer', 'require', 'verify-ca', 'verify-full', 'no-verify']) {
    it(`takes PGSSLMODE=${mode} for TLS, as pg does`, () => {
      const env = { PGSSLMODE: mode, PGSSLNEGOTIATION: 'direct' };
      expect(resolvePoolOptions({}, env).pg).not.to.have.property('ssl');
    });
  }

  for (const [seconds, ms] of Object.entries({ '0.001': 1, 2147483: 2_147_483_000 })) {
    it(`takes CONNECTION_TIMEOUT_SECONDS=${seconds}`, () => {
      expect(resolvePoolOptions({}, { CONNECTION_TIMEOUT_SECONDS: seconds }).acquireTimeoutMs).to.equal(ms);
    });
  }

  it('takes several replicas', () => {
    const env = { READ_REPLICA_URL: 'postgres://r1/shop, postgresql://r2/shop' };
    expect(resolvePoolOptions({}, env).readReplicaUrls).to.deep.equal(['postgres://r1/shop', 'postgresql://r2/shop']);
  });

  describe('DATABASE_URL', () => {
    const env = {
      DATABASE_URL: 'postgres://app:from-url@db:6432/shop?application_name=url&query_timeout=700&sslmode=disable',
    };

    it('names the server where the code names none', () => {
      const resolved = resolvePoolOptions({}, env);
      expect(clientConfig(resolved)).to.include({
        host: 'db',
        port: 6432,
        user: 'app',
        password: 'from-url',
        database: 'shop',
        application_name: 'url',
        ssl: false,
      });
      expect(resolved.queryTimeoutMs).to.equal(700);
    });

    it('yields to what the code gives beside it', () => {
      const token = () => 'token';
      const resolved = resolvePoolOptions(
        { password: token, ssl: { ca: 'mine' }, application_name: 'code', queryTimeoutMs: 5 },
        env,
      );
      const config = clientConfig(resolved);
      expect(config).to.include({ host: 'db', user: 'app', application_name: 'code' });
      expect(config.password).to.equal(token);
      expect(config.ssl).to.deep.equal({ ca: 'mine' });
      expect(resolved.queryTimeoutMs).to.equal(5);
    });

    for (const [name, value] of Object.entries({
      host: 'h',
      port: 1,
      user: 'u',
      database: 'd',
      connectionString: 'postgres://h/d',
    })) {
      it(`is not used where the code gives ${name}`, () => {
        expect(clientConfig(resolvePoolOptions({ [name]: value }, env))).not.to.have.property('password');
      });
    }
  });
});
