import pg from 'pg';
import { ConfigurationError } from '../../errors/errors.js';
import { longestMs, portNumber, sslModes, sslNegotiations } from './rules.js';

/** What a connection string says, and only that: nothing from the environment, no defaults. */
export interface StatedConnection {
  host?: string;
  port?: number;
  user?: string;
  password?: string;
  database?: string;
  application_name?: string;
  fallback_application_name?: string;
  client_encoding?: string;
  options?: string;
  replication?: string;
  sslnegotiation?: string;
  statement_timeout?: number;
  lock_timeout?: number;
  idle_in_transaction_session_timeout?: number;
  query_timeout?: number;
  /** Reads the TLS parameters, and the files they name, as pg does. Absent where nothing is said of TLS. */
  readTls?: () => pg.ClientConfig['ssl'];
}

type Refuse = (reason: string) => never;

const plainParameters = ['application_name', 'fallback_application_name', 'options', 'replication', 'sslnegotiation'];
const timeouts = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'query_timeout'];
const tlsParameters = ['ssl', 'sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'uselibpqcompat', 'sslnegotiation'];

/**
 * Reads a connection string as pg reads it. In pg the string overrides whatever stands beside it, with empty values
 * where it is silent, so that `password: () => token()` would never be asked: hence the parts, not the string.
 *
 * @throws ConfigurationError naming `option`. The string is neither in the message nor in a cause.
 */
export function readConnectionString(option: string, text: string): StatedConnection {
  const refuse: Refuse = (reason) => {
    throw new ConfigurationError(option, `${option}: received [redacted]; ${reason}`);
  };
  if (text.startsWith('/')) {
    const [host, database] = text.split(' ');
    return withoutEmpty({ host, database });
  }
  if (!/^(?:postgres|postgresql|pg|socket):/i.test(text)) refuse('expected a postgres:// or postgresql:// URL');
  const url = parseUrl(text);
  if (url === undefined) {
    return refuse(
      'it is not a valid URL. In user and password, write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23',
    );
  }
  try {
    return withoutEmpty({ ...partsOf(url, refuse), ...tlsOf(Object.fromEntries(url.searchParams), refuse) });
  } catch (error) {
    if (error instanceof URIError) return refuse('it has a % that begins no valid escape; write a plain % as %25');
    throw error;
  }
}

// pg-connection-string's own steps, so that we refuse nothing that it takes and take nothing for what it is not.
function parseUrl(text: string): URL | undefined {
  const escaped = / |%[^a-f0-9]|%[a-f0-9][^a-f0-9]/i.test(text) ? encodeURI(text).replace(/%25(\d\d)/g, '%$1') : text;
  if (URL.canParse(escaped)) return new URL(escaped);
  const withHost = escaped.replace('@/', `@${noHost}/`);
  return URL.canParse(withHost) ? new URL(withHost) : undefined;
}

const noHost = '___DUMMY___';

function partsOf(url: URL, refuse: Refuse): Record<string, unknown> {
  const parameters = Object.fromEntries(url.searchParams);
  const parts: Record<string, unknown> = {
    user: parameters.user || decodeURIComponent(url.username),
    password: parameters.password || decodeURIComponent(url.password),
    client_encoding: parameters.client_encoding,
  };
  for (const name of plainParameters) parts[name] = parameters[name];
  for (const name of timeouts) parts[name] = wholeNumber(name, parameters[name], longestMs, refuse);
  if (url.protocol === 'socket:') {
    const { db, encoding } = parameters;
    return { ...parts, host: decodeURI(url.pathname), database: db, client_encoding: encoding };
  }
  const hostname = url.hostname === noHost ? '' : url.hostname.replace(/^\[(.+)\]$/, '$1');
  if (parameters.host && /^%2f/i.test(hostname)) url.pathname = hostname + url.pathname;
  const port = wholeNumber('port', parameters.port || url.port, 65_535, refuse);
  if (port !== undefined && !portNumber.accepts(port)) refuse(`its port must be ${portNumber.expected}`);
  return {
    ...parts,
    host: parameters.host || decodeURIComponent(hostname),
    port,
    database: decodeURI(url.pathname.slice(1)),
  };
}

function tlsOf(parameters: Record<string, string>, refuse: Refuse): Pick<StatedConnection, 'readTls'> {
  const { ssl, sslmode, sslnegotiation } = parameters;
  const given = tlsParameters.filter((name) => parameters[name]);
  if (sslmode && !sslModes.includes(sslmode)) refuse(`its sslmode must be one of ${sslModes.join(', ')}`);
  // pg takes `ssl=false`, and any other word, for "yes".
  if (ssl && !['true', '1', '0', 'no-verify'].includes(ssl)) {
    refuse('its ssl must be true, 1, 0 or no-verify; sslmode=disable switches TLS off');
  }
  if (sslnegotiation && !sslNegotiations.includes(sslnegotiation)) {
    refuse(`its sslnegotiation must be one of ${sslNegotiations.join(', ')}`);
  }
  const says = given.filter((name) => name !== 'uselibpqcompat' && name !== 'sslnegotiation');
  if (says.length === 0 && sslnegotiation !== 'direct') return {};
  const query = new URLSearchParams(given.map((name): [string, string] => [name, parameters[name] ?? '']));
  const connectionString = `postgres://localhost/?${query.toString()}`;
  return { readTls: () => readTls(connectionString, refuse) };
}

// TLS exactly as pg does it, by asking pg: the client is never connected. Done anew for every connection, as in pg, so
// that a certificate that was replaced on the disk is taken up.
function readTls(connectionString: string, refuse: Refuse): pg.ClientConfig['ssl'] {
  try {
    return new pg.Client({ connectionString }).ssl;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return refuse(code === undefined ? message : `a file that its TLS parameters name cannot be read (${code})`);
  }
}

function wholeNumber(name: string, value: string | undefined, most: number, refuse: Refuse): number | undefined {
  if (!value) return undefined;
  if (/^\d+$/.test(value) && Number(value) <= most) return Number(value);
  return refuse(`its ${name} must be a whole number up to ${String(most)}`);
}

/** pg takes an empty value for none. */
function withoutEmpty(parts: Record<string, unknown>): StatedConnection {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined && value !== ''));
}
