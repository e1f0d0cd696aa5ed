import type { Verdict } from './classification.js';

/** What is looked at of an error that PostgreSQL or a pooler sent. */
export interface DatabaseError {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly routine?: unknown;
}

const data: Verdict = { kind: 'data' };
const other: Verdict = { kind: 'other' };
const raised: Verdict = { kind: 'raised' };
const resource: Verdict = { kind: 'resource' };
const transactionState: Verdict = { kind: 'transaction-state' };
const lost: Verdict = { kind: 'connection-lost', retry: 'idempotent', circuit: true, unavailable: true };
const shuttingDown: Verdict = { kind: 'server-shutting-down', retry: 'idempotent', circuit: true, unavailable: true };
const refused: Verdict = { kind: 'unreachable', retry: 'statement', circuit: true, unavailable: true, refused: true };
const pooler: Verdict = { ...refused, kind: 'pooler' };
const stalePlan: Verdict = { kind: 'stale-plan', retry: 'statement' };
const setUp = 'The server refuses a start-up parameter, or the SQL that sets up the connection; correct it.';

interface Exception {
  readonly code: string;
  readonly when: (error: DatabaseError) => boolean;
  readonly verdict: Verdict;
}

/** Codes whose meaning hangs on more than the code; the first that applies counts. PgBouncer's messages are not translated. */
const exceptions: readonly Exception[] = [
  { code: '0A000', when: ({ routine }) => routine === 'RevalidateCachedQuery', verdict: stalePlan },
  // `query_timeout` is of a client that still waits for a server connection, `query timeout` of one that has it.
  pgBouncer(
    /query_wait_timeout|server_login_retry|^server login has been failing|^query_timeout$|^client_login_timeout|^server shutting down$/,
    pooler,
  ),
  pgBouncer(/^no more connections allowed|^client connections exceeded \(max_/, {
    ...pooler,
    kind: 'too-many-connections',
  }),
  pgBouncer(/^unsupported (?:options )?startup parameter/, {
    kind: 'configuration',
    refused: true,
    hopeless: 'Leave the start-up parameter out, or list it in ignore_startup_parameters of PgBouncer.',
  }),
  pgBouncer(/^no such database: /, {
    kind: 'unknown-database',
    refused: true,
    hopeless: 'Add the database to PgBouncer, or correct its name.',
  }),
  pgBouncer(/ authentication failed$|^no such user$|^login rejected$|^no authentication method is found$/, {
    kind: 'authentication',
    refused: true,
    hopeless:
      'Check the user and the password, and what PgBouncer is told of them (auth_file, auth_query, auth_hba_file).',
  }),
  pgBouncer(/^(?:SSL|TLS connection|TLS client certificate) required$/, {
    kind: 'tls',
    refused: true,
    hopeless: 'PgBouncer wants TLS, or a client certificate (client_tls_sslmode): give it in ssl.',
  }),
  // The server's own ERROR: Bind with the wrong number of values, an empty column name. The caller's mistake.
  { code: '08P01', when: ({ severity }) => isError(severity), verdict: { kind: 'syntax' } },
  {
    code: '57014',
    when: ({ message }) => message.includes('statement timeout'),
    verdict: { kind: 'timeout', circuit: true },
  },
];

/** PgBouncer gives nearly all that it says the code 08P01. */
function pgBouncer(message: RegExp, verdict: Verdict): Exception {
  return { code: '08P01', when: (error) => !isError(error.severity) && message.test(error.message), verdict };
}

const codes: Readonly<Record<string, Verdict>> = {
  '08001': refused,
  '08004': refused,
  '08007': { ...lost, unknown: true },
  '25006': { kind: 'read-only', retry: 'statement' },
  '26000': { ...stalePlan, replay: false },
  '28P01': { kind: 'authentication', refused: true, hopeless: 'Check the user and the password.' },
  '40001': { kind: 'serialization', retry: 'statement' },
  '40003': { kind: 'connection-lost', retry: 'idempotent', unknown: true },
  '40P01': { kind: 'deadlock', retry: 'statement' },
  '42501': {
    kind: 'permission',
    hopeless: 'Grant the role CONNECT on the database, and whatever the set-up of the connection uses.',
  },
  '53300': {
    kind: 'too-many-connections',
    retry: 'statement',
    circuit: true,
    unavailable: true,
    refused: true,
  },
  '55000': {
    kind: 'other',
    hopeless: 'The database does not accept connections (a template, or ALLOW_CONNECTIONS false).',
  },
  '55P03': { kind: 'lock-timeout', retry: 'statement', replay: false },
  '57014': { kind: 'cancelled' },
  '57P01': shuttingDown,
  '57P02': shuttingDown,
  '57P03': { ...refused, kind: 'server-starting' },
  '57P04': { kind: 'unknown-database' },
  '57P05': { kind: 'connection-lost', retry: 'idempotent', unavailable: true },
};

const classes: Readonly<Record<string, Verdict>> = {
  '00': other,
  '01': other,
  '02': data,
  '03': other,
  '08': lost,
  '09': raised,
  '0A': { kind: 'unsupported' },
  '0B': transactionState,
  '0F': data,
  '0L': { kind: 'permission' },
  '0P': { kind: 'permission', hopeless: setUp },
  '0Z': other,
  '10': data,
  '20': raised,
  '21': data,
  '22': { kind: 'data', hopeless: setUp },
  '23': { kind: 'constraint' },
  '24': transactionState,
  '25': transactionState,
  '26': { kind: 'syntax' },
  '27': raised,
  '28': {
    kind: 'authentication',
    refused: true,
    hopeless: 'Check that the role exists and may log in, and that pg_hba.conf lets it in from this host.',
  },
  '2B': { kind: 'constraint' },
  '2D': transactionState,
  '2F': raised,
  '34': transactionState,
  '38': raised,
  '39': raised,
  '3B': transactionState,
  '3D': { kind: 'unknown-database', refused: true, hopeless: 'Create the database, or correct its name.' },
  '3F': { kind: 'syntax', hopeless: setUp },
  '40': { kind: 'serialization' },
  '42': { kind: 'syntax', hopeless: setUp },
  '44': { kind: 'constraint' },
  '53': resource,
  '54': resource,
  '55': other,
  '57': other,
  '58': { kind: 'internal', circuit: true },
  '72': other,
  F0: { kind: 'internal', circuit: true },
  HV: other,
  P0: raised,
  XX: { kind: 'internal', circuit: true },
};

/** The row for a database error: by exact code, then by class (its first two characters); undefined for a code of one's own. */
export function verdictOf(error: DatabaseError): Verdict | undefined {
  const { code } = error;
  return (
    exceptions.find((exception) => exception.code === code && exception.when(error))?.verdict ??
    own(codes, code) ??
    own(classes, code.slice(0, 2))
  );
}

function own(table: Readonly<Record<string, Verdict>>, key: string): Verdict | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

// pg shows the severity in the language of lc_messages. FATAL and PANIC are translated as well, so what is not listed here
// counts as fatal: the outcome of a statement is rather unknown than wrongly "rolled back".
const translations = new Set(
  'ERROR FEHLER ERREUR ERRORE ERRO BŁĄD FEL HATA CHYBA ОШИБКА ПОМИЛКА შეცდომა 오류 错误 錯誤'.split(' '),
);

/** Whether a severity is ERROR, in any of the server's languages: the statement was undone, and the server goes on. */
export function isError(severity: string): boolean {
  return translations.has(severity);
}
