import { explained, integer, oneOf, refusalOf } from '../../core/options.js';
import type { Rule } from '../../core/options.js';
import { ConfigurationError } from '../../errors/errors.js';
import { readConnectionString } from './connection-string.js';
import { connections, leastConnections, longestMs, portNumber, sslModes, sslNegotiations } from './rules.js';

/**
 * The environment as the pool reads it. A variable is read when it is asked for, so that one which the code overrides
 * is never an error; an empty one counts as not set.
 */
export class Environment {
  readonly #variables: NodeJS.ProcessEnv;

  constructor(variables: NodeJS.ProcessEnv) {
    this.#variables = variables;
  }

  text(name: string): string | undefined {
    const value = this.#variables[name]?.trim();
    return value === '' ? undefined : value;
  }

  max(): number | undefined {
    return this.#wholeNumber('DB_MAX_CONNECTIONS', connections);
  }

  min(): number | undefined {
    return this.#wholeNumber('DB_MIN_CONNECTIONS', leastConnections);
  }

  acquireTimeoutMs(): number | undefined {
    const name = 'CONNECTION_TIMEOUT_SECONDS';
    const most = Math.floor(longestMs / 1000);
    return this.#parsed(name, explained(positive, `a number of seconds from 0.001 to ${String(most)}`), (value) => {
      const ms = /^\d+(?:\.\d+)?$/.test(value) ? Math.round(Number(value) * 1000) : 0;
      return ms >= 1 && ms <= most * 1000 ? ms : undefined;
    });
  }

  monitoring(): boolean | undefined {
    return this.#flag('MONITORING_ENABLED');
  }

  slowQueryThresholdMs(): number | undefined {
    return this.#wholeNumber('SLOW_QUERY_THRESHOLD_MS', integer(0, longestMs, 'milliseconds'));
  }

  readReplicaUrls(): string[] {
    const name = 'READ_REPLICA_URL';
    const urls =
      this.text(name)
        ?.split(',')
        .map((url) => url.trim()) ?? [];
    for (const url of urls) {
      if (!/^postgres(?:ql)?:\/\//i.test(url)) {
        throw new ConfigurationError(
          name,
          `${name}: received [redacted]; expected postgres:// or postgresql:// URLs, separated by commas ` +
            `(a comma inside a URL is written as %2C)`,
        );
      }
      readConnectionString(name, url);
    }
    return urls;
  }

  /** pg takes what it cannot read as NaN, or for "no TLS"; here it is an error. */
  pgPort(): number | undefined {
    return this.#wholeNumber('PGPORT', portNumber);
  }

  pgSslMode(): string | undefined {
    return this.#word('PGSSLMODE', sslModes);
  }

  pgSslNegotiation(): string | undefined {
    return this.#word('PGSSLNEGOTIATION', sslNegotiations);
  }

  #wholeNumber(name: string, rule: Rule): number | undefined {
    return this.#parsed(name, rule, (value) => {
      const parsed = /^\d+$/.test(value) ? Number(value) : NaN;
      return rule.accepts(parsed) ? parsed : undefined;
    });
  }

  #word(name: string, words: readonly string[]): string | undefined {
    return this.#parsed(name, oneOf(...words), (value) => (words.includes(value) ? value : undefined));
  }

  #flag(name: string): boolean | undefined {
    return this.#parsed(name, oneOf(...flags.keys()), (value) => flags.get(value.toLowerCase()));
  }

  #parsed<T>(name: string, rule: Rule, parse: (value: string) => T | undefined): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const parsed = parse(value);
    if (parsed === undefined) {
      throw new ConfigurationError(name, refusalOf(`Environment variable ${name}`, value, rule));
    }
    return parsed;
  }
}

const positive = integer(1, longestMs);

const flags = new Map([
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
  ['yes', true],
  ['no', false],
  ['on', true],
  ['off', false],
]);
