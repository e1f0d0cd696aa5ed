import type { Calendar } from './calendar.js';

export interface ServerModel {
  /** From the beginning of a connection to its end, where nobody else connects. */
  readonly connectMs: number;
  /** It accepts so many a second; others queue. */
  readonly connectsPerSecond: number;
  readonly statementMs: number;
  /** What the network takes: a refusal, or the answer to a probe. */
  readonly roundTripMs: number;
}

export const serverModel = { connectMs: 20, statementMs: 2, roundTripMs: 1 };

/** A server that is up or down, and accepts connections one after the other. */
export class Server {
  isUp = false;
  /** When those connections were begun that found it up. */
  readonly connects: number[] = [];
  /** The longest that one of them waited to be accepted. */
  longestQueueMs = 0;
  #freeAt = 0;

  constructor(
    readonly calendar: Calendar,
    readonly model: ServerModel,
  ) {}

  connect(done: (accepted: boolean) => void): void {
    const { calendar, model } = this;
    if (!this.isUp) {
      calendar.after(model.roundTripMs, () => done(false));
      return;
    }
    this.connects.push(calendar.now);
    const queueMs = Math.max(0, this.#freeAt - calendar.now);
    this.longestQueueMs = Math.max(this.longestQueueMs, queueMs);
    this.#freeAt = calendar.now + queueMs + 1000 / model.connectsPerSecond;
    calendar.after(queueMs + model.connectMs, () => done(true));
  }
}
