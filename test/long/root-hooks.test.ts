import { expect } from 'chai';
import { runMocha } from '../support/run-mocha.js';

describe('a run of mocha with our root hooks', () => {
  it('fails and says what keeps the process alive 10 s after the last test', async () => {
    const { code, output } = await runMocha(`it('passes', () => { setInterval(() => {}, 1000); });`);
    expect(code).to.equal(1);
    expect(output)
      .to.contain('1 passing')
      .and.to.match(/10 s after the last test .+ kept alive by \[.*'Timeout'/);
  });
});
