import { expect } from 'chai';
import { runMocha } from '../support/run-mocha.js';

describe('a run of mocha with our root hooks', function () {
  this.timeout(30_000);

  it('passes where nothing is wrong', async () => {
    expect(await runMocha(`it('passes', () => {});`)).to.include({ code: 0 });
  });

  it('fails the test that leaves a rejection unhandled', async () => {
    const { code, output } = await runMocha(
      `it('forgets', async () => { Promise.reject(new Error('lost')); await new Promise(setImmediate); });`,
    );
    expect(code).to.not.equal(0);
    expect(output)
      .to.match(/\d failing/)
      .and.to.contain('lost');
  });

  it('fails where a rejection is unhandled after the last test', async () => {
    const { code, output } = await runMocha(
      `it('passes', () => { setTimeout(() => Promise.reject(new Error('lost')), 100); });`,
    );
    expect(code).to.not.equal(0);
    expect(output).to.contain('1 passing').and.to.contain('lost');
  });

  it('fails where listeners pile up', async () => {
    const { code, output } = await runMocha(
      `it('passes', () => { for (let i = 0; i < 11; i++) process.on('SIGUSR2', () => i); });`,
    );
    expect(code).to.not.equal(0);
    expect(output).to.contain('1 passing').and.to.contain('11 SIGUSR2 listeners added to [process]');
  });
});
