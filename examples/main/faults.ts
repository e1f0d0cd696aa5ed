import type { FaultProxy, PostgresServer } from 'express-db-resilience/testing';

/** What may be done to the database, and what it does. */
export const faultWords = {
  kill: 'the server dies (SIGKILL)',
  restart: 'the server is shut down, where it runs, and started again',
  freeze: 'the server stands still (SIGSTOP): connected, but silent',
  resume: 'the server goes on',
  cut: 'the network resets connections and refuses new ones',
  blackhole: 'the network loses everything and tells nobody',
  heal: 'the server runs and the network works',
} as const;

export type FaultWord = keyof typeof faultWords;

export function isFaultWord(word: string): word is FaultWord {
  return Object.hasOwn(faultWords, word);
}

/** Breaks the example's own database and mends it. */
export class Faults {
  readonly #server: PostgresServer;
  readonly #proxy: FaultProxy;
  #process: 'up' | 'dead' | 'frozen' = 'up';
  #network: 'up' | 'cut' | 'blackhole' = 'up';
  #turn: Promise<unknown> = Promise.resolve();
  /** Called when a fault begins or ends. */
  onChange: () => void = () => undefined;

  constructor(server: PostgresServer, proxy: FaultProxy) {
    this.#server = server;
    this.#proxy = proxy;
  }

  get state(): { server: string; network: string } {
    return { server: this.#process, network: this.#network };
  }

  get healthy(): boolean {
    return this.#process === 'up' && this.#network === 'up';
  }

  /** One after the other, in the order in which they came. */
  apply(word: FaultWord): Promise<void> {
    const done = this.#turn.then(() => this.#change(word));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #change(word: FaultWord): Promise<void> {
    switch (word) {
      case 'kill':
        await this.#server.kill();
        this.#process = 'dead';
        break;
      case 'restart':
        if (this.#process === 'frozen') await this.#server.resume();
        await this.#server.restart();
        this.#process = 'up';
        break;
      case 'freeze':
        if (this.#process === 'dead') throw new Error('The server is dead. First: restart');
        await this.#server.freeze();
        this.#process = 'frozen';
        break;
      case 'resume':
        if (this.#process === 'dead') throw new Error('The server is dead, not frozen. First: restart');
        await this.#server.resume();
        this.#process = 'up';
        break;
      case 'cut':
        await this.#proxy.pass();
        await this.#proxy.refuse();
        this.#proxy.reset();
        this.#network = 'cut';
        break;
      case 'blackhole':
        await this.#proxy.pass();
        this.#proxy.blackHole();
        this.#network = 'blackhole';
        break;
      case 'heal':
        if (this.#process === 'frozen') await this.#server.resume();
        await this.#server.start();
        await this.#proxy.pass();
        this.#process = 'up';
        this.#network = 'up';
    }
    this.onChange();
  }
}
