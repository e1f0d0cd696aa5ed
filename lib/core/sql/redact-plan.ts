import { copyOf } from './copy-of.js';
import { fingerprint } from './fingerprint.js';

/** Keys whose strings are names of the schema, or words of PostgreSQL's own. */
const plain = new Set([
  'Node Type',
  'Parent Relationship',
  'Subplan Name',
  'Strategy',
  'Partial Mode',
  'Operation',
  'Command',
  'Join Type',
  'Scan Direction',
  'Cache Mode',
  'Sampling Method',
  'Custom Plan Provider',
  'Relation Name',
  'Schema',
  'Alias',
  'Index Name',
  'Function Name',
  'Table Function Name',
  'CTE Name',
  'Tuplestore Name',
  'Constraint Name',
  'Trigger Name',
  'Relation',
  'Conflict Resolution',
  'Conflict Arbiter Indexes',
]);

/** Keys whose strings are SQL. */
const expressions = new Set([
  'Filter',
  'Join Filter',
  'One-Time Filter',
  'Conflict Filter',
  'Index Cond',
  'Recheck Cond',
  'Hash Cond',
  'Merge Cond',
  'TID Cond',
  'Run Condition',
  'Order By',
  'Output',
  'Sort Key',
  'Presorted Key',
  'Group Key',
  'Group Keys',
  'Hash Key',
  'Hash Keys',
  'Cache Key',
  'Window',
  'Function Call',
  'Table Function Call',
  'Sampling Parameters',
  'Repeatable Seed',
  'Remote SQL',
  'Relations',
]);

const label = /^[A-Za-z][\w ./-]{0,59}$/;
const leftOut = '[left out]';
const mostBytes = 16_000;
const mostValues = 5000;
/** A node below another is two levels further down. */
const mostDepth = 100;
const longestText = 2000;

/**
 * What EXPLAIN (FORMAT JSON) tells, without the values in it: structure, kinds of nodes, costs, row counts and names stay;
 * of expressions their shape does. A string under a key that is not known is `?`: extensions show file names, commands,
 * and the hosts of other servers there. Some 16 KB at the most; `[left out]` stands where the rest was.
 */
export function redactPlan(plan: unknown): unknown {
  return new Redaction().value(plan, '', 0);
}

class Redaction {
  #bytes = mostBytes;
  #values = mostValues;

  value(value: unknown, key: string, depth: number): unknown {
    this.#values -= 1;
    if (typeof value === 'object' && value !== null) {
      if (depth >= mostDepth) return leftOut;
      return Array.isArray(value) ? this.#list(value, key, depth) : this.#node(value, depth);
    }
    const told = typeof value === 'string' ? textUnder(key, value) : isScalar(value) ? value : null;
    this.#bytes -= String(told).length + 3;
    return told;
  }

  get #isFull(): boolean {
    return this.#bytes <= 0 || this.#values <= 0;
  }

  #list(list: readonly unknown[], key: string, depth: number): unknown[] {
    const told: unknown[] = [];
    for (const item of list) {
      if (this.#isFull) {
        told.push(leftOut);
        break;
      }
      told.push(this.value(item, key, depth + 1));
    }
    return told;
  }

  /** Without a prototype, for `__proto__` may be a key. */
  #node(node: object, depth: number): object {
    const told = Object.create(null) as Record<string, unknown>;
    for (const [key, value] of Object.entries(node)) {
      if (this.#isFull) {
        told['Left Out'] = leftOut;
        break;
      }
      if (!label.test(key)) continue;
      this.#bytes -= key.length + 4;
      told[copyOf(key)] = this.value(value, key, depth + 1);
    }
    return told;
  }
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}

function textUnder(key: string, text: string): string {
  if (plain.has(key)) return copyOf(text.slice(0, longestText));
  return expressions.has(key) ? copyOf(fingerprint(text).text.slice(0, longestText)) : '?';
}
