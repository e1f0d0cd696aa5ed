import { classify, isDatabaseError, type DatabaseError } from './classify.js';
import { conditions } from './conditions.js';
import { DbResilienceError } from './errors.js';

/** An error as plain data; `cause` and `aggregateErrors` hold others. */
export type SerializedError = Record<string, unknown>;

type Reader = Record<string, unknown>;

const maxDepth = 8;
const maxNodes = 400;
const maxEntries = 50;
const maxText = 16_000;
const hidden = '[hidden]';

/** Names of the schema, which a server sends in fields of their own. */
const names = ['schema', 'table', 'column', 'constraint', 'dataType'];
/** Where PostgreSQL puts values and SQL. */
const telling = ['message', 'detail', 'hint', 'where', 'internalQuery'];
/** Where query builders put them, on errors of their own. */
const statements = ['query', 'sql', 'params', 'parameters', 'bindings', 'values'];

const serialized = new WeakSet();

/**
 * For `pino({ serializers: { err: pinoErrorSerializer } })` and `pinoHttp({ serializers: { err: pinoErrorSerializer } })`:
 * of what the database says, everything but values and SQL. Kept are SQLSTATE, kind, severity, routine, position, and the
 * names of schema, table, column, constraint and data type. `message`, `detail`, `hint`, `where` and the internal query
 * are left out, with what query builders put around them, in the whole chain of causes and in the stacks.
 *
 * It never throws, and its result is plain data of a bounded size.
 *
 * pino repeats the error's own message as `msg` where a line has none: always log a text, `log.error({ err }, 'text')`.
 */
export function pinoErrorSerializer(error: unknown): unknown {
  try {
    return new Serializer(error).result();
  } catch {
    return { type: 'Error', message: 'The error could not be read' };
  }
}

class Serializer {
  readonly #root: unknown;
  readonly #path = new Set<unknown>();
  readonly #secrets: string[] = [];
  #nodes = 0;

  constructor(given: unknown) {
    // pino-http hands on what pino's own serializer has made of the error, with the error beside it.
    const raw = isObject(given) && 'aggregateErrors' in given ? read(given, 'raw') : undefined;
    this.#root = isObject(raw) ? raw : given;
    collectSecrets(this.#root, this.#secrets);
  }

  result(): unknown {
    return this.#value(this.#root, 0);
  }

  #value(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#clean(value);
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (!isObject(value) || serialized.has(value)) return value;
    if (this.#path.has(value)) return '[circular]';
    if (depth > maxDepth || ++this.#nodes > maxNodes) return '[left out]';
    this.#path.add(value);
    try {
      return isErrorLike(value) ? this.#error(value, depth) : this.#plain(value, depth);
    } catch {
      return '[unreadable]';
    } finally {
      this.#path.delete(value);
    }
  }

  #error(error: Reader, depth: number): SerializedError {
    let told: SerializedError;
    let aggregates = true;
    if (isOurs(error)) told = this.#ours(error, depth);
    else if (isDatabaseError(error)) told = this.#database(error);
    else if (carriesStatement(error)) {
      told = this.#wrapper(error, depth);
      aggregates = false; // Sequelize has the refused values there
    } else told = this.#stranger(error, depth);
    const cause = read(error, 'cause');
    if (isObject(cause)) told.cause = this.#value(cause, depth + 1);
    const errors = read(error, 'errors');
    if (aggregates && Array.isArray(errors)) {
      told.aggregateErrors = errors.slice(0, maxEntries).map((one) => this.#value(one, depth + 1));
    }
    serialized.add(told);
    return told;
  }

  #database(error: Error & DatabaseError): SerializedError {
    const { code, severity } = error;
    const { kind } = classify(error, 'statement');
    const condition = conditions[kind];
    const told = begin(typeOf(error), `${condition} (${code})`);
    Object.assign(told, { code, kind, condition, severity: severity.slice(0, 30) });
    const routine = read(error, 'routine');
    if (typeof routine === 'string') told.routine = routine.slice(0, 100);
    for (const name of names) {
      const text = read(error, name);
      if (typeof text === 'string') told[name] = text.slice(0, 100);
    }
    for (const name of ['position', 'internalPosition']) {
      const position = Number(read(error, name));
      if (position > 0) told[name] = position;
    }
    return withStack(told, framesOf(error));
  }

  #ours(error: Reader, depth: number): SerializedError {
    const told = begin(typeOf(error), this.#clean(String(read(error, 'message'))));
    for (const key of ['code', 'outcome', 'retryable', 'pool', 'option', 'reason']) {
      const value = read(error, key);
      if (typeof value === 'boolean') told[key] = value;
      else if (typeof value === 'string') told[key] = this.#clean(value);
    }
    for (const key of Object.keys(error).slice(0, maxEntries)) {
      const value = read(error, key);
      if (typeof value === 'number') told[key] = value;
      else if (key === 'counts') told[key] = this.#value(value, depth + 1);
    }
    return withStack(told, this.#clean(textOf(error, 'stack')));
  }

  /** A query builder's error: its message repeats the statement and its values. Of the rest only errors are kept. */
  #wrapper(error: Reader, depth: number): SerializedError {
    const told = begin(typeOf(error), 'A statement failed');
    for (const key of propertiesOf(error)) {
      const value = read(error, key);
      if (isObject(value) && isErrorLike(value)) put(told, key, this.#value(value, depth + 1));
    }
    return withStack(told, framesOf(error));
  }

  #stranger(error: Reader, depth: number): SerializedError {
    const told = begin(typeOf(error), this.#clean(textOf(error, 'message')));
    for (const key of propertiesOf(error)) put(told, key, this.#value(read(error, key), depth + 1));
    return withStack(told, this.#clean(textOf(error, 'stack')));
  }

  #plain(value: object, depth: number): unknown {
    if (value instanceof Date) return value.toJSON();
    if (ArrayBuffer.isView(value)) return '[binary]';
    if (Array.isArray(value)) return value.slice(0, maxEntries).map((one) => this.#value(one, depth + 1));
    const told: SerializedError = {};
    for (const key of Object.keys(value).slice(0, maxEntries)) put(told, key, this.#value(read(value, key), depth + 1));
    return told;
  }

  /** Applications repeat a cause's message in their own. */
  #clean(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, hidden);
    return clean.slice(0, maxText);
  }
}

/** Without a prototype, and with a name that is not shown: so pino's own serializer, given this, keeps the type. */
function begin(type: string, message: string): SerializedError {
  const told = Object.create(null) as SerializedError;
  Object.defineProperty(told, 'name', { value: type, configurable: true });
  return Object.assign(told, { type, message });
}

/** Assigned, `name` would stay hidden, and `__proto__` would not be a property. */
function put(told: SerializedError, key: string, value: unknown): void {
  Object.defineProperty(told, key, { value, enumerable: true, configurable: true, writable: true });
}

function withStack(told: SerializedError, stack: string): SerializedError {
  if (stack !== '') told.stack = stack;
  return told;
}

/** What database errors and query builders say, wherever they stand among the causes. */
function collectSecrets(root: unknown, secrets: string[]): void {
  const seen = new Set<unknown>();
  const open = [root];
  for (let next = open.pop(); next !== undefined && seen.size < maxNodes; next = open.pop()) {
    if (!isObject(next) || seen.has(next)) continue;
    seen.add(next);
    try {
      const keys = isDatabaseError(next) ? telling : carriesStatement(next) ? ['message', ...statements] : [];
      if (!isOurs(next)) {
        for (const key of keys) secrets.push(...textsOf(textOf(next, key)));
      }
      open.push(...(Object.values(next).slice(0, maxEntries) as unknown[]), read(next, 'cause'));
      const errors = read(next, 'errors');
      if (Array.isArray(errors)) open.push(...(errors.slice(0, maxEntries) as unknown[]));
    } catch {
      // What cannot be read is not repeated.
    }
  }
  // The longest first, so that no part of one is left beside another.
  secrets.sort((a, b) => b.length - a.length);
}

/** A text, and the parts of it that may stand alone: knex puts the statement before the server's message. */
function textsOf(text: string): string[] {
  const parts = [text];
  for (let at = text.indexOf(' - '); at !== -1 && parts.length < 20; at = text.indexOf(' - ', at + 3)) {
    parts.push(text.slice(at + 3));
  }
  return parts.filter((part) => part.length > 3);
}

/** The frames of a stack without its head, which repeats the message; none where the head cannot be told from them. */
function framesOf(error: object): string {
  const stack = textOf(error, 'stack');
  const message = textOf(error, 'message');
  const head = [message, ...textsOf(message)].find((text) => text !== '' && stack.includes(text));
  const rest = head === undefined ? '' : stack.replaceAll(head, '');
  const frames = rest.split('\n').filter((line) => /^\s+at .*(?::\d+:\d+|<anonymous>|native)\)?$/.test(line));
  return frames.join('\n').slice(0, maxText);
}

/** What an error carries besides what is told of every error. */
function propertiesOf(error: object): string[] {
  const keys = Object.keys(error).slice(0, maxEntries);
  return keys.filter((key) => !['type', 'message', 'stack', 'cause', 'errors'].includes(key));
}

function carriesStatement(error: object): boolean {
  return isErrorLike(error) && (typeof read(error, 'query') === 'string' || typeof read(error, 'sql') === 'string');
}

function isOurs(error: object): boolean {
  try {
    return DbResilienceError.is(error);
  } catch {
    return false;
  }
}

function isErrorLike(value: object): value is Reader {
  return typeof read(value, 'message') === 'string';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function typeOf(error: object): string {
  const { constructor } = error as { constructor?: unknown };
  const name = typeof constructor === 'function' && constructor !== Object ? constructor.name : read(error, 'name');
  return typeof name === 'string' && name !== '' ? name.slice(0, 100) : 'Error';
}

function textOf(object: object, key: string): string {
  const value = read(object, key);
  return typeof value === 'string' ? value : '';
}

/** A property, or undefined where its getter throws. */
function read(object: object, key: string): unknown {
  try {
    return (object as Reader)[key];
  } catch {
    return undefined;
  }
}
