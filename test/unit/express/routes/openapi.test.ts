import { Validator } from '@seriousme/openapi-schema-validator';
import { expect } from 'chai';
import { openApi } from '../../../../lib/express/openapi.js';
import { routes } from '../../../../lib/express/routes.js';
import { document, expectDocumented, expectValid } from './conformity.js';
import { serve } from './service.js';
import { fakeSource } from './source.js';

describe('the OpenAPI document', () => {
  it('is one of OpenAPI 3.1', async () => {
    for (const parts of [
      { health: true, metrics: true },
      { health: false, metrics: false },
    ]) {
      const { valid, errors } = await new Validator().validate({ ...openApi(parts) });
      expect(errors, JSON.stringify(errors)).to.equal(undefined);
      expect(valid).to.equal(true);
    }
  });

  it('has examples that its own schemas take', () => {
    for (const [path, { get }] of Object.entries(document.paths)) {
      for (const [status, { content }] of Object.entries(get.responses)) {
        for (const { schema, example } of Object.values(content)) expectValid(schema, example, `${path}: ${status}`);
      }
    }
  });

  it('refers to every schema, and to none that is missing', () => {
    const text = JSON.stringify(document);
    const referred = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name));
    expect([...referred]).to.have.members(Object.keys(document.components.schemas));
  });

  it('names each operation differently', () => {
    const ids = Object.values(document.paths).map(({ get }) => get.operationId);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('names every path that is served, and every path that it names is served', async () => {
    const paths = [
      '/health',
      '/health/database',
      '/livez',
      '/readyz',
      '/metrics',
      '/metrics/database',
      '/metrics/queries',
      '/metrics/server',
      '/openapi.json',
    ];
    expect(Object.keys(document.paths)).to.have.members(paths);
    const service = await serve(routes(fakeSource()));
    for (const path of paths) {
      const received = await service.get(`/api${path}`);
      expect(received.status, path).to.equal(200);
      expectDocumented(path, received);
    }
    expect((await service.get('/api/openapi.json')).body).to.deep.equal(JSON.parse(JSON.stringify(document)));
    await service.close();
  });

  it('leaves out the routes that are not mounted', async () => {
    for (const [options, path, absent] of [
      [{ metrics: false }, '/health', '/metrics'],
      [{ health: false }, '/metrics', '/livez'],
    ] as const) {
      const service = await serve(routes(fakeSource(), options));
      const { paths } = (await service.get('/api/openapi.json')).body as { paths: object };
      expect(paths).to.include.keys(path).and.not.include.keys(absent);
      expect((await service.get(`/api${path}`)).status).to.equal(200);
      expect((await service.get(`/api${absent}`)).status).to.equal(404);
      await service.close();
    }
  });

  it('is found from where it is, wherever that is', () => {
    expect(new URL(document.servers[0]!.url, 'http://localhost/api/openapi.json').href).to.equal(
      'http://localhost/api/',
    );
  });
});
