import { relative } from 'node:path';

/** The fields of the package's log lines that people want to read; each of them may be missing. */
interface Fields {
  err?: Error;
  advice?: string;
  /** Of the failure of a health probe. */
  kind?: string;
  statement?: string;
  duration_ms?: number;
  error?: string | null;
  plan?: unknown;
  borrowed_at?: string | null;
  called_at?: string | null;
}

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Function Name'?: string;
  Plans?: PlanNode[];
}

const LONGEST_STATEMENT = 200;

/** What a log line tells besides its message, in a few lines. */
export function detailsOf(fields: object): string[] {
  const { err, advice, kind, statement, duration_ms: ms, error, plan, borrowed_at, called_at } = fields as Fields;
  const slow = ms === undefined ? '' : [`${String(ms)} ms`, error].filter(Boolean).join(', ') + ': ';
  const lines = [
    err?.message,
    advice,
    kind,
    statement && slow + shortened(statement),
    plan && `plan: ${scansOf(plan).join(', ')}`,
    borrowed_at && `borrowed at ${near(borrowed_at)}`,
    called_at && `called at ${near(called_at)}`,
  ];
  return lines.filter((line) => typeof line === 'string');
}

function shortened(statement: string): string {
  return statement.length > LONGEST_STATEMENT ? `${statement.slice(0, LONGEST_STATEMENT)} …` : statement;
}

/** Where a plan reads its rows; the whole of it is in GET /api/metrics/database. */
function scansOf(plan: unknown): string[] {
  const [{ Plan: root }] = plan as [{ Plan: PlanNode }];
  const scans: string[] = [];
  const visit = (node: PlanNode): void => {
    const source = node['Relation Name'] ?? node['Function Name'];
    if (source !== undefined) scans.push(`${node['Node Type']} on ${source}`);
    node.Plans?.forEach(visit);
  };
  visit(root);
  return scans.length > 0 ? scans : [root['Node Type']];
}

function near(place: string): string {
  return relative('', place);
}
