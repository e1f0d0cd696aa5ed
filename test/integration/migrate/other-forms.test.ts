import { expect } from 'chai';
import { runSql } from '../../support/migrations.js';
import { AppliedTwo, firstTwo } from './applied-two.js';

const first = String(firstTwo['001_first.sql']);
const forms: Readonly<Record<string, string>> = {
  CRLF: first.replaceAll('\n', '\r\n'),
  'a BOM': `\ufeff${first}`,
  'a BOM and CRLF': `\ufeff${first.replaceAll('\n', '\r\n')}`,
  'white space at its ends': first.replace('int);\n', 'int);  \n\n\n'),
};

describe('a migration in another form', function () {
  this.timeout(60_000);
  let two: AppliedTwo;

  beforeEach(async () => {
    two = await AppliedTwo.make();
  });
  afterEach(() => two[Symbol.asyncDispose]());

  for (const [name, text] of Object.entries(forms)) {
    it(`is the same one: ${name}`, async () => {
      await two.folder.write({ '001_first.sql': text });
      expect((await two.manager().status()).problems).to.deep.equal([]);
      expect((await two.expectUnchanged(() => two.manager().up())).steps).to.deep.equal([]);
    });

    it(`is run, both ways: ${name}`, async () => {
      await two.folder.write({ '001_first.sql': text });
      expect((await two.manager().migrateTo(0)).steps).to.have.length(2);
      expect((await two.manager().up()).steps.map(({ version }) => version)).to.deep.equal([1, 2]);
      await two.folder.write(firstTwo);
      expect((await two.manager().status()).problems).to.deep.equal([]);
    });
  }

  it('is run with the line ends of Unix: a function in CRLF', async () => {
    const text = 'create function f() returns int language sql as $$\r\n  select 1\r\n$$;\r\n';
    await two.folder.write({ '003_third.sql': text });
    await two.manager().up();
    const [row] = await runSql<{ prosrc: string }>(two.database, "select prosrc from pg_proc where proname = 'f'");
    expect(row?.prosrc).to.equal('\n  select 1\n');
  });

  it('shows lines and columns as an editor does, behind CRLF and a BOM', async () => {
    await two.folder.write({ '003_third.sql': '\ufeffselect 1;\r\n\r\n  selec 2;\r\n' });
    const third = await two.expectRefused(() => two.manager().up());
    expect(third).to.include({ reason: 'syntax', line: 3, column: 3 });
    await two.folder.write({ '003_third.sql': '\ufeffselec 2;\r\n' });
    const very = await two.expectRefused(() => two.manager().up());
    expect(very).to.include({ reason: 'syntax', line: 1, column: 1 });
  });
});
