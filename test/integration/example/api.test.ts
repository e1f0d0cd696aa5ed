import { expect } from 'chai';
import { Example } from './run-example.js';

const member = { 'x-user-id': '8' };
const moderator = { 'x-user-id': '2' };
const admin = { 'x-user-id': '1' };

interface Row extends Record<string, unknown> {
  id: number;
}
interface Page {
  exploits: Row[];
  next: string | null;
}

describe('the API of the main example', function () {
  this.timeout(120_000);
  let example: Example;

  before(async () => {
    example = new Example();
    await example.says('Ctrl-C ends the example');
  });
  after(async () => {
    example.signal('SIGINT');
    expect(await example.exits(20_000)).to.equal(0);
    expect(example.output, 'what the monitor has to say').to.not.match(/N\+1|bug/);
    await example.leavesNothing();
  });

  const get = async (path: string, headers: Record<string, string> = {}) => example.get(path, { headers });
  const post = async (path: string, body: object | undefined, headers: Record<string, string> = {}) =>
    example.post(path, body, headers);
  const put = async (path: string, body: object, headers: Record<string, string> = {}) =>
    example.get(path, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const page = async (path: string) => (await get(path)).body as Page;
  const refused = (answer: { status: number; body: unknown }, status: number, message: string | RegExp) => {
    expect(answer.status, JSON.stringify(answer.body)).to.equal(status);
    expect(answer.body).to.have.property('error').that.matches(new RegExp(message));
  };

  describe('exploits', () => {
    it('are listed page by page, the newest first, none twice and none left out', async () => {
      const seen: Row[] = [];
      for (let path: string | null = '/exploits?source=oss-list&limit=50'; path !== null;) {
        const { exploits, next }: Page = await page(path);
        seen.push(...exploits);
        path = next;
      }
      expect(seen.length).to.be.within(200, 250);
      expect(new Set(seen.map(({ id }) => id)).size).to.equal(seen.length);
      expect(new Set(seen.map(({ source }) => source))).to.deep.equal(new Set(['oss-list']));
      const times = seen.map(({ published_at }) => published_at as string);
      expect(times).to.deep.equal([...times].sort().reverse());
    });

    it('are found by word, severity and CVE, and by all of them', async () => {
      const { exploits } = await page('/exploits?q=overflow+-proxy&severity=critical&limit=100');
      expect(exploits.length).to.be.within(2, 99);
      for (const { title, severity } of exploits) {
        expect(title)
          .to.match(/overflow/i)
          .and.not.match(/proxy/i);
        expect(severity).to.equal('critical');
      }
      const [{ id, cve_id } = { id: 0, cve_id: '' }] = exploits.filter((exploit) => exploit.cve_id !== null);
      expect(await page(`/exploits?cve=${String(cve_id)}`)).to.have.nested.property('exploits[0].id', id);
      expect(await page(`/exploits?cve=${String(cve_id)}&severity=low`)).to.deep.equal({ exploits: [], next: null });
      expect(await page('/exploits?source=nobody')).to.deep.equal({ exploits: [], next: null });
    });

    for (const [query, message] of [
      ['limit=0', 'limit is a whole number from 1 to 100'],
      ['limit=101', 'limit'],
      ['limit=1&limit=2', 'limit'],
      ['limit=1.5', 'limit'],
      ['after=x', 'after'],
      ['after=99999999999', 'after'],
      ['q=a', 'q is a text of 2 to 100 characters'],
      ['q=a%00b', 'q'],
      ['severity=none', 'severity is one of low, medium, high, critical'],
      ['cve=2026', 'cve looks like CVE-2026-12345'],
    ] as const) {
      it(`are not listed by ${query}, which is answered with 400`, async () => {
        refused(await get(`/exploits?${query}`), 400, message);
      });
    }

    it('are the last 100 under /recent', async () => {
      const { status, body } = await get('/exploits/recent');
      expect(status).to.equal(200);
      expect(body).to.have.length(100);
    });

    it('are told in full one by one', async () => {
      const { body } = await get('/exploits/7');
      expect(body).to.deep.include({ id: 7, cve_id: `CVE-${year(body)}-900007`, reported_by: null });
      expect(body).to.have.property('cvss_score').that.is.a('number');
      expect(body).to.not.have.any.keys('search', 'details');
    });

    it('are not there where there are none', async () => {
      for (const id of ['none', '99999999', '99999999999', '0', '-1']) {
        refused(await get(`/exploits/${id}`), 404, 'there is no such exploit');
      }
    });

    it('are reported by users', async () => {
      const made = await post(
        '/exploits',
        {
          title: 'Heap overflow in the tests',
          severity: 'high',
          cvss_score: 7.5,
          cve_id: 'CVE-2026-990001',
          source: 'oss-list',
          external_id: 'T-1',
          reference_urls: ['https://example.com/a'],
        },
        member,
      );
      expect(made.status).to.equal(201);
      const { body } = await get(made.headers.get('location') ?? '');
      expect(body).to.deep.include({
        severity: 'high',
        cvss_score: 7.5,
        cve_id: 'CVE-2026-990001',
        source: 'oss-list',
        external_id: 'T-1',
        reported_by: 'hana_novak',
        reference_urls: ['https://example.com/a'],
        alerts: 0,
      });
      expect(await page('/exploits?q=tests')).to.have.nested.property('exploits[0].id', (body as Row).id);
      const again = { title: 'Again', severity: 'high', source: 'oss-list', external_id: 'T-1' };
      refused(await post('/exploits', again, member), 409, 'oss-list has an exploit T-1 already');
    });

    for (const [what, body, status, message] of [
      ['no body', undefined, 400, 'title is missing'],
      ['a list', [], 400, 'the body is a JSON object'],
      ['no title', { severity: 'high' }, 400, 'title is missing'],
      ['an empty title', { title: '', severity: 'high' }, 400, 'title is a text of 1 to 200 characters'],
      ['a long title', { title: 'x'.repeat(201), severity: 'high' }, 400, 'title'],
      ['no severity', { title: 'x' }, 400, 'severity is missing'],
      ['an unknown severity', { title: 'x', severity: 'no' }, 400, 'severity is one of'],
      ['a wrong CVE', { title: 'x', severity: 'low', cve_id: 'CVE-1' }, 400, 'cve_id looks like'],
      ['a wrong score', { title: 'x', severity: 'low', cvss_score: 3.14 }, 400, 'cvss_score'],
      ['a score of another severity', { title: 'x', severity: 'low', cvss_score: 9.1 }, 422, 'contradict'],
      ['a wrong reference', { title: 'x', severity: 'low', reference_urls: ['x'] }, 400, 'reference_urls looks like'],
      ['null for a reference', { title: 'x', severity: 'low', reference_urls: [null] }, 400, 'none of them null'],
      ['an unknown source', { title: 'x', severity: 'low', source: 'nobody' }, 422, 'there is no source nobody'],
    ] as const) {
      it(`are not reported with ${what}`, async () => {
        refused(await post('/exploits', body, member), status, message);
      });
    }

    it('are not reported by nobody', async () => {
      const body = { title: 'x', severity: 'low' };
      refused(await post('/exploits', body), 401, 'X-User-Id says who asks');
      refused(await post('/exploits', body, { 'x-user-id': '999' }), 401, 'names no active user');
      refused(await post('/exploits', body, { 'x-user-id': 'me' }), 400, 'X-User-Id is the id of a user');
      const broken = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' };
      expect((await example.get('/exploits', broken)).status).to.equal(400);
    });
  });

  describe('submissions', () => {
    const submit = async (title: string) => {
      const made = await post('/submissions', { title, description: 'How it is done', severity: 'medium' }, member);
      expect(made.status).to.equal(201);
      return made.headers.get('location') ?? '';
    };
    const reputation = async () => ((await get('/users/8/reputation')).body as Row).reputation as number;

    it('become exploits when a moderator accepts them, once, and are to the credit of who sent them in', async () => {
      const before = await reputation();
      const path = await submit('Race in the tests');
      expect((await get(path)).body).to.include({ status: 'pending', user_id: 8, exploit_id: null });
      // At once: one of them waits for the other.
      const answers = await Promise.all([1, 2, 3].map(() => post(`${path}/accept`, { note: 'Well done' }, moderator)));
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 409, 409]);
      const { exploit_id } = (await get(path)).body as Row;
      expect((await get(path)).body).to.include({ status: 'accepted', reviewed_by: 2, review_note: 'Well done' });
      expect((await get(`/exploits/${String(exploit_id)}`)).body).to.include({
        title: 'Race in the tests',
        severity: 'medium',
        source: 'community',
        reported_by: 'hana_novak',
      });
      expect(await reputation()).to.equal(before + 10);
      refused(await post(`${path}/reject`, {}, moderator), 409, 'was accepted already');
      expect(await reputation()).to.equal(before + 10);
    });

    it('cost reputation when they are rejected', async () => {
      const before = await reputation();
      const path = await submit('Nothing at all');
      const rejected = await post(`${path}/reject`, undefined, admin);
      expect(rejected.status).to.equal(200);
      expect(rejected.body).to.deep.include({ status: 'rejected', exploit_id: null, points: -2 });
      expect((await get('/users/8/reputation')).body).to.have.nested.property('movements[0].points', -2);
      expect(await reputation()).to.equal(before - 2);
      expect((await get(path)).body).to.include({ status: 'rejected', reviewed_by: 1, exploit_id: null });
    });

    it('are not taken twice while the first one waits', async () => {
      await submit('Twice');
      const body = { title: 'TWICE', description: 'Other words', severity: 'low' };
      refused(await post('/submissions', body, member), 409, 'waits already');
    });

    it('are reviewed by moderators, and not by who sent them in', async () => {
      const path = await submit('Not for me');
      refused(await post(`${path}/accept`, {}, member), 403, 'for moderators');
      refused(await post(`${path}/accept`, {}), 401, 'X-User-Id');
      refused(await post(`${path}/accept`, { note: 1 }, moderator), 400, 'note');
      refused(await post('/submissions/99999/accept', {}, moderator), 404, 'there is no such submission');
      refused(await post('/submissions/none/accept', {}, moderator), 404, 'there is no such submission');
      const own = await post('/submissions', { title: 'Mine', description: 'x', severity: 'low' }, moderator);
      refused(await post(`${own.headers.get('location') ?? ''}/accept`, {}, moderator), 403, 'nobody reviews');
    });

    it('wait in a queue for moderators, the oldest first', async () => {
      const { body } = await get('/submissions?limit=5', moderator);
      const times = (body as Row[]).map(({ created_at }) => created_at as string);
      expect(times).to.have.length(5);
      expect(times).to.deep.equal([...times].sort());
      refused(await get('/submissions', member), 403, 'for moderators');
      refused(await get('/submissions?limit=0', moderator), 400, 'limit');
    });

    it('are refused without what they need, and are not there where there are none', async () => {
      refused(await post('/submissions', { title: 'x', severity: 'low' }, member), 400, 'description is missing');
      refused(await post('/submissions', { title: 'x', description: 'x' }, member), 400, 'severity is missing');
      refused(await post('/submissions', { title: 'x', description: 'x', severity: 'low' }), 401, 'X-User-Id');
      refused(await get('/submissions/99999'), 404, 'there is no such submission');
    });
  });

  describe('alert preferences', () => {
    const path = '/users/9/alert-preferences';
    const user = { 'x-user-id': '9' };
    const defaults = {
      is_enabled: true,
      min_severity: 'high',
      channels: ['email'],
      webhook_url: null,
      keywords: [],
      max_per_day: 50,
    };

    it('are the defaults until they are set, and as a whole again when they are set anew', async () => {
      expect((await get(path, user)).body).to.deep.equal(defaults);
      const wanted = {
        is_enabled: false,
        min_severity: 'low',
        channels: ['webhook', 'sms'],
        webhook_url: 'https://example.com/hook',
        keywords: ['overflow'],
        max_per_day: 5,
      };
      const set = await put(path, wanted, user);
      expect(set.status).to.equal(200);
      expect(set.body).to.deep.equal(wanted);
      expect((await get(path, admin)).body).to.deep.equal(wanted);
      expect((await put(path, { max_per_day: 7 }, user)).body).to.deep.equal({ ...defaults, max_per_day: 7 });
    });

    for (const [what, body, status, message] of [
      ['an unknown channel', { channels: ['pigeon'] }, 400, 'channels is a list of some of'],
      ['no channel', { channels: [] }, 400, 'channels'],
      ['a webhook to nowhere', { channels: ['webhook'] }, 422, 'needs a webhook_url'],
      ['a webhook without TLS', { webhook_url: 'http://example.com' }, 400, 'webhook_url looks like'],
      ['too many', { max_per_day: 1001 }, 400, 'max_per_day'],
      ['a word for a flag', { is_enabled: 'yes' }, 400, 'is_enabled is true or false'],
      ['too many keywords', { keywords: Array.from({ length: 21 }, () => 'x') }, 400, 'up to 20'],
    ] as const) {
      it(`are not set to ${what}`, async () => {
        refused(await put(path, body, user), status, message);
      });
    }

    it('are for the user and for admins', async () => {
      refused(await get(path, moderator), 403, 'for the user and for admins');
      refused(await put(path, {}, member), 403, 'for the user and for admins');
      refused(await get(path), 401, 'X-User-Id');
      refused(await get('/users/999/alert-preferences', admin), 404, 'there is no such user');
      refused(await put('/users/999/alert-preferences', {}, admin), 404, 'there is no such user');
    });
  });

  describe('a subscription', () => {
    const path = '/users/11/subscription';
    const user = { 'x-user-id': '11' };
    const change = (tier: string, key: string, more: object = {}) =>
      post(path, { tier, method: 'card', ...more }, { ...user, 'idempotency-key': key });

    it('is changed and paid once, however often and at whatever time it is asked for with one key', async () => {
      expect((await get(path, user)).body).to.deep.equal({ tier: 'free', changes: [] });
      const answers = await Promise.all(Array.from({ length: 5 }, () => change('pro', 'order-0001')));
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 200, 200, 200, 201]);
      for (const { body } of answers) {
        expect(body).to.include({ from: 'free', to: 'pro', amount_cents: 1900, method: 'card' });
      }
      expect((await change('team', 'order-0002')).status).to.equal(201);
      // Long after it, the first one still is what it was.
      expect((await change('pro', 'order-0001')).body).to.include({ to: 'pro', repeated: true });
      const { tier, changes } = (await get(path, user)).body as { tier: string; changes: Row[] };
      expect(tier).to.equal('team');
      expect(changes.map(({ from, to, amount_cents }) => [from, to, amount_cents])).to.deep.equal([
        ['pro', 'team', 9900],
        ['free', 'pro', 1900],
      ]);
      expect((await get('/users/11/stats', user)).body).to.include({ tier: 'team', paid_cents: 11_800 });
    });

    it('is refused where it would change nothing, or where the key was for something else', async () => {
      refused(await change('team', 'order-0003'), 409, 'the user has the tier team already');
      refused(await change('free', 'order-0001'), 422, 'was used for another change');
      refused(await change('pro', 'order-0001', { method: 'invoice' }), 422, 'was used for another change');
      // What was refused has not used its key up.
      expect((await change('free', 'order-0003')).body).to.include({ amount_cents: 0, repeated: false });
    });

    it('is refused without what it needs', async () => {
      refused(await change('gold', 'order-0004'), 400, 'tier is one of free, pro, team, enterprise');
      refused(await change('pro', 'order-0004', { method: 'cash' }), 400, 'method is one of');
      refused(await change('pro', 'short'), 400, 'Idempotency-Key is a text of 8 to 200 characters');
      refused(await post(path, { tier: 'pro', method: 'card' }, user), 400, 'Idempotency-Key is missing');
      refused(await post(path, { tier: 'pro', method: 'card' }, member), 403, 'for the user and for admins');
      const nobody = { ...admin, 'idempotency-key': 'order-0004' };
      refused(await post('/users/999/subscription', { tier: 'pro', method: 'card' }, nobody), 404, 'no such user');
      refused(await get('/users/999/subscription', admin), 404, 'there is no such user');
    });
  });

  describe('the statistics', () => {
    it('are those of the last 24 hours', async () => {
      const { status, body } = await get('/stats');
      expect(status).to.equal(200);
      const stats = body as Record<string, number>;
      expect(stats.exploits).to.be.within(14, 30);
      expect(stats.revenue_cents).to.be.a('number').that.is.at.least(49_900);
      expect(stats.submissions_waiting).to.be.at.least(20);
    });

    it('tell the health of each source', async () => {
      const { body } = await get('/sources/health');
      expect(body).to.have.length(11);
      expect((body as Row[]).find(({ name }) => name === 'full-view')).to.include({
        status: 'failing',
        last_error: 'HTTP 502',
      });
    });

    it('tell what a user did, to the user', async () => {
      expect((await get('/users/60/stats', { 'x-user-id': '60' })).body).to.include({
        tier: 'enterprise',
        paid_cents: 59_800,
      });
      refused(await get('/users/60/stats', member), 403, 'for the user and for admins');
      refused(await get('/users/999/stats', admin), 404, 'there is no such user');
      refused(await get('/users/none/stats', admin), 404, 'there is no such user');
      refused(await get('/users/999/reputation'), 404, 'there is no such user');
    });
  });

  it('takes no seconds but a number', async () => {
    refused(await get('/slow?seconds=x'), 400, 'seconds is a number from 0 to 60');
    expect((await post('/faults/explode', undefined)).status).to.equal(404);
  });
});

function year(body: unknown): string {
  return String(new Date((body as { published_at: string }).published_at).getUTCFullYear());
}
