import type { MigrationEvent } from '../../migrate/reports.js';
import { printable } from '../printable.js';
import { duration } from '../render/duration.js';
import { cut } from '../render/wrap.js';
import { widthOf } from '../terminal.js';
import type { Output } from '../terminal.js';

const redrawMs = 250;
/** Lines that say "still waiting" in a log. */
const repeatMs = 10_000;

type Begun = Extract<MigrationEvent, { kind: 'begun' }>;

/** Tells what goes on: in one line that is written anew on a terminal, in lines one below the other elsewhere. */
export class Progress {
  readonly #output: Output;
  readonly #now: () => number;
  readonly #width: number | undefined;
  readonly #done: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #migration: Begun | undefined;
  #current: { text: string; since: number } | undefined;
  #waitToldAt = -Infinity;
  /** What the line of the terminal says now. */
  #drawn: string | undefined;

  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
    this.#width = widthOf(output);
  }

  /** What was done to its end: `up 001_initial_schema`. */
  get done(): readonly string[] {
    return this.#done;
  }

  readonly take = (event: MigrationEvent): void => {
    switch (event.kind) {
      case 'waiting':
        this.#waiting(event);
        break;
      case 'history-created':
        this.#line(`created the history, ${event.table}`);
        break;
      case 'begun':
        this.#migration = event;
        this.#step(`${nameOf(event)}: ${countOf(event.statements)}`);
        break;
      case 'statement':
        this.#step(
          `${this.#nameOf(event)}: statement ${String(event.index)} of ${String(event.of)}, ${placeOf(event)}`,
        );
        break;
      case 'table-locked':
        this.#line(
          `${this.#nameOf(event)}: no lock on a table (${placeOf(event)}); undone, attempt ${String(event.attempt + 1)} ` +
            `in ${duration(event.pause_ms)}`,
        );
        break;
      case 'done':
        this.#done.push(nameOf(event));
        this.#line(`${nameOf(event)}: done in ${duration(event.duration_ms)}`);
        break;
      case 'locked':
      case 'statement-done':
      case 'recorded':
      case 'unlocked':
    }
  };

  /** A line that stays. */
  note(text: string): void {
    this.#erase();
    this.#output.write(`${printable(text)}\n`);
    this.#draw();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#current = undefined;
    this.#erase();
  }

  #nameOf({ version }: { version: number }): string {
    return this.#migration?.version === version ? nameOf(this.#migration) : `version ${String(version)}`;
  }

  #waiting({ holder_pid: pid }: Extract<MigrationEvent, { kind: 'waiting' }>): void {
    const who = pid === null ? 'another process' : `another process (server process ${String(pid)})`;
    const text = `waiting for ${who} that migrates this database`;
    if (this.#width !== undefined) {
      if (this.#current?.text !== text) this.#step(text);
    } else if (this.#now() - this.#waitToldAt >= repeatMs) {
      this.#waitToldAt = this.#now();
      this.#output.write(`${text}\n`);
    }
  }

  /** Something that goes on for a while. */
  #step(text: string): void {
    if (this.#width === undefined) {
      this.#output.write(`${printable(text)}\n`);
      return;
    }
    this.#current = { text: printable(text), since: this.#now() };
    this.#timer ??= setInterval(() => this.#draw(), redrawMs).unref();
    this.#draw();
  }

  /** Something that is over. On a terminal the result below tells it, and it need not be told twice. */
  #line(text: string): void {
    if (this.#width === undefined) this.#output.write(`${printable(text)}\n`);
    else this.#step(text);
  }

  #draw(): void {
    if (this.#current === undefined || this.#width === undefined) return;
    const { text, since } = this.#current;
    const ms = this.#now() - since;
    const took = ms < 1000 ? '' : `, ${duration(Math.floor(ms / 1000) * 1000)}`;
    // One column less: a full line would wrap, and the carriage return would come back to the second half only.
    const room = this.#width - 1 - took.length;
    const line = `${cut(text, room)}${took}`;
    if (line !== this.#drawn) this.#output.write(`\r\u001b[2K${line}`);
    this.#drawn = line;
  }

  #erase(): void {
    if (this.#drawn !== undefined) this.#output.write('\r\u001b[2K');
    this.#drawn = undefined;
  }
}

function nameOf({ direction, label, name }: Pick<Begun, 'direction' | 'label' | 'name'>): string {
  return `${direction} ${label}_${name}`;
}

function countOf(statements: number): string {
  return statements === 1 ? '1 statement' : `${String(statements)} statements`;
}

function placeOf({ line, tag }: { line: number; tag: string }): string {
  return `line ${String(line)}, ${tag}`;
}
