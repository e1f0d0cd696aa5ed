import { expect } from 'chai';
import { Listeners } from '../../../../lib/policy/circuit/listeners.js';

interface Events extends Record<string, unknown> {
  change: number;
}

describe('Listeners', () => {
  let listeners: Listeners<Events>;
  let heard: string[];
  let thrown: unknown[];
  const tell = (event: number) => listeners.tell('change', event, (error) => thrown.push(error));

  beforeEach(() => {
    listeners = new Listeners();
    heard = [];
    thrown = [];
  });

  it('hear in the order in which they came, each once, until they are removed', () => {
    const first = (event: number) => heard.push(`first ${String(event)}`);
    listeners.add('change', first);
    listeners.add('change', (event) => heard.push(`second ${String(event)}`));
    listeners.add('change', first);
    tell(1);
    listeners.remove('change', first);
    tell(2);
    listeners.clear();
    tell(3);
    expect(heard).to.deep.equal(['first 1', 'second 1', 'second 2']);
  });

  it('that throw, or reject, harm neither the others nor the teller', async () => {
    const [sync, async] = [new Error('sync'), new Error('async')];
    listeners.add('change', () => {
      throw sync;
    });
    // eslint-disable-next-line @typescript-eslint/no-misused-promises
    listeners.add('change', () => Promise.reject(async));
    listeners.add('change', () => heard.push('third'));
    tell(1);
    expect(heard).to.deep.equal(['third']);
    await Promise.resolve();
    expect(thrown).to.deep.equal([sync, async]);
  });

  it('harm nobody where also that fails which is told of it', async () => {
    const noLog = () => {
      throw new Error('the disk is full');
    };
    listeners.add('change', noLog);
    // eslint-disable-next-line @typescript-eslint/no-misused-promises
    listeners.add('change', () => Promise.reject(new Error('async')));
    listeners.add('change', () => heard.push('third'));
    listeners.tell('change', 1, noLog);
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).to.deep.equal(['third']);
  });

  it('may add and remove others while they are told', () => {
    const second = () => heard.push('second');
    const once = () => {
      heard.push('once');
      listeners.remove('change', once);
      listeners.remove('change', second);
      listeners.add('change', () => heard.push('new'));
    };
    listeners.add('change', once);
    listeners.add('change', second);
    tell(1);
    tell(2);
    expect(heard).to.deep.equal(['once', 'second', 'new']);
  });
});
