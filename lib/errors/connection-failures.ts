import type { Phase, Verdict } from './classification.js';

/** What is looked at of an error of Node or of pg that the server did not send. */
export interface ConnectionFailure {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly message?: unknown;
}

const lost: Verdict = { kind: 'connection-lost', retry: 'idempotent', circuit: true, unavailable: true };
const unreachable: Verdict = {
  kind: 'unreachable',
  retry: 'statement',
  circuit: true,
  unavailable: true,
  refused: true,
};
/** pg was called in a way that it refuses. */
const misuse: Verdict = { kind: 'caller', refused: true, always: true };
const saturated: Verdict = { kind: 'timeout', retry: 'statement', unavailable: true, refused: true, always: true };

/** Errors of a socket that was never connected; on a living one they can only be a late answer of the network. */
const beforeConnected = new Set([
  ...'ECONNREFUSED ENOTFOUND EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN EADDRNOTAVAIL'.split(' '),
  ...'EAI_AGAIN EAI_FAIL EAI_MEMORY EAI_NODATA EAI_NONAME EAI_SYSTEM'.split(' '),
  ...'ERR_SOCKET_CLOSED_BEFORE_CONNECTION ERR_SOCKET_CONNECTION_TIMEOUT'.split(' '),
]);
const broken = new Set([
  ...'ETIMEDOUT ECONNRESET ECONNABORTED ENETRESET EPIPE ENOTCONN ESHUTDOWN'.split(' '),
  ...'ERR_STREAM_DESTROYED ERR_STREAM_WRITE_AFTER_END ERR_SOCKET_CLOSED'.split(' '),
]);
/** No such unix socket, or no right to it; from another call than connect they are about a file. */
const ofPath = new Set(['ENOENT', 'EACCES', 'EPERM']);
/** The machine has no descriptor or memory left for a socket, or a unix socket's queue is full (EAGAIN). */
const ofMachine = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

const trust =
  "Give pg the CA that signed the server's certificate (ssl.ca, sslrootcert), or have the certificate renewed by one that is trusted.";
const clock = "Renew the server's certificate, or set this machine's clock.";
const name = "Connect by a name that the server's certificate carries, or issue one for this name.";
const protocol =
  'Compare the TLS settings of both sides: whether this port speaks TLS, its versions, the client certificate and key.';
const tls: Readonly<Record<string, string>> = {
  CERT_CHAIN_TOO_LONG: trust,
  CERT_HAS_EXPIRED: clock,
  CERT_NOT_YET_VALID: clock,
  CERT_REJECTED: trust,
  CERT_REVOKED: trust,
  CERT_SIGNATURE_FAILURE: trust,
  CERT_UNTRUSTED: trust,
  CRL_HAS_EXPIRED: clock,
  CRL_NOT_YET_VALID: clock,
  DEPTH_ZERO_SELF_SIGNED_CERT: trust,
  ERR_TLS_CERT_ALTNAME_FORMAT: name,
  ERR_TLS_CERT_ALTNAME_INVALID: name,
  HOSTNAME_MISMATCH: name,
  INVALID_CA: trust,
  INVALID_PURPOSE: trust,
  PATH_LENGTH_EXCEEDED: trust,
  SELF_SIGNED_CERT_IN_CHAIN: trust,
  UNABLE_TO_GET_CRL: trust,
  UNABLE_TO_GET_ISSUER_CERT: trust,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: trust,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: trust,
};
const tlsProtocol = /^(?:EPROTO$|ERR_(?:TLS|SSL|OSSL)_)/;
/** A peer that died or lost its wits in the middle of TLS; nothing is wrong with the settings. */
const tlsBroken = /_(?:HANDSHAKE_TIMEOUT|UNEXPECTED_EOF_WHILE_READING|BAD_RECORD_MAC|INTERNAL_ERROR)$/;

const sslnegotiation: Verdict = {
  kind: 'configuration',
  refused: true,
  hopeless: 'sslnegotiation takes postgres, or direct together with ssl.',
};

/** The messages of pg and pg-pool, which give them no code. */
const messages: Readonly<Record<string, Verdict>> = {
  'Connection terminated unexpectedly': lost,
  // We ended it ourselves, so it says nothing of the database.
  'Connection terminated': { kind: 'connection-lost', retry: 'idempotent', unavailable: true },
  'Connection terminated due to connection timeout': unreachable,
  'timeout expired': unreachable,
  'timeout exceeded when trying to connect': saturated,
  'Client has encountered a connection error and is not queryable': unreachable,
  'Client was closed and is not queryable': {
    kind: 'connection-lost',
    retry: 'statement',
    unavailable: true,
    refused: true,
  },
  'Query read timeout': { kind: 'timeout', retry: 'idempotent', circuit: true },
  'There was an error establishing an SSL connection': unreachable,
  'The server does not support SSL connections': {
    kind: 'tls',
    refused: true,
    hopeless: 'Switch TLS on at the server, or off here (ssl: false, sslmode=disable).',
  },
  'Cannot use a pool after calling end on the pool': {
    kind: 'shutting-down',
    unavailable: true,
    refused: true,
    always: true,
  },
  'Password must be a string': authentication('Give the password as a string, or as a function that returns one.'),
  'sslnegotiation=direct requires SSL to be enabled': sslnegotiation,
  'A query must have either text or a name. Supplying neither is unsupported.': misuse,
  'Query values must be an array': misuse,
  'Client was passed a null or undefined query': misuse,
  'Passing a function as the first parameter to pool.query is not supported': misuse,
  'The `rows` option is not supported in pipeline mode': misuse,
  'Custom query classes such as pg-cursor and pg-query-stream are not supported in pipeline mode': misuse,
  'Client has already been connected. You cannot reuse a client.': misuse,
  'Release called on client which has already been released to the pool.': misuse,
  'Called end on pool more than once': misuse,
};

/** Those that say more than a fixed text. */
const patterns: readonly (readonly [RegExp, Verdict])[] = [
  [/^SASL: .*password must be/, authentication('Give a password.')],
  [
    /^SASL(?: channel binding)?: /,
    authentication('Check the password and how the server wants it (SCRAM, channel binding).'),
  ],
  [
    /^Unknown authenticationOk message type \d+$/,
    authentication('The server asks for a way to log in that pg does not know; ask for a password in pg_hba.conf.'),
  ],
  [/^Invalid sslnegotiation value: /, sslnegotiation],
  // What came is no answer to what was sent: of the statement nothing is known, and the connection is of no more use.
  [/^Received unexpected \w+ message from backend\.$/, lost],
  [/^received invalid response: [0-9a-f]+$/, lost],
  // Refused while the values were made ready, before the server was told to execute.
  [/^Prepared statements must be unique - '/, misuse],
  [/^circular reference detected while preparing "/, misuse],
];

/** What a socket's, a TLS or one of pg's own errors means; undefined where it is none of them. */
export function verdictOfFailure(failure: ConnectionFailure, phase: Phase): Verdict | undefined {
  const { code, message } = failure;
  return (
    (typeof code === 'string' ? ofCode(code, failure.syscall, phase) : undefined) ??
    (typeof message === 'string' ? ofMessage(message) : undefined)
  );
}

function ofCode(code: string, syscall: unknown, phase: Phase): Verdict | undefined {
  const connecting = phase === 'connect' || syscall === 'connect' || syscall === 'getaddrinfo';
  if (beforeConnected.has(code)) {
    // A router that has lost the way is reported on the living socket under the same codes.
    const alive = syscall === 'read' || syscall === 'write' || phase === 'transaction' || phase === 'commit';
    return connecting || !alive ? unreachable : lost;
  }
  if (broken.has(code)) return connecting ? unreachable : lost;
  if (ofPath.has(code) && syscall === 'connect') return unreachable;
  if (ofMachine.has(code) && connecting) return unreachable;
  if (ofPath.has(code) && phase === 'connect') {
    return {
      kind: 'configuration',
      hopeless: 'A file of the configuration (certificate, key) cannot be read.',
    };
  }
  if (Object.hasOwn(tls, code)) return { kind: 'tls', refused: true, hopeless: tls[code] ?? trust };
  if (tlsBroken.test(code)) return connecting ? unreachable : lost;
  if (tlsProtocol.test(code)) return connecting ? { kind: 'tls', refused: true, hopeless: protocol } : lost;
  return undefined;
}

function ofMessage(message: string): Verdict | undefined {
  if (Object.hasOwn(messages, message)) return messages[message];
  return patterns.find(([pattern]) => pattern.test(message))?.[1];
}

function authentication(hopeless: string): Verdict {
  return { kind: 'authentication', refused: true, hopeless };
}
