import type { DatabaseMetrics } from './database-metrics.js';
import { families } from './families.js';
import type { Labels } from './family.js';

/** Prometheus's text format. https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function exposition(databases: readonly DatabaseMetrics[]): string {
  let text = '';
  for (const { name, help, type, read } of families) {
    text += `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
    for (const database of databases) {
      for (const { suffix = '', labels, value } of read(database)) {
        text += `${name}${suffix}${render({ database: database.database, ...labels })} ${numeral(value)}\n`;
      }
    }
  }
  return text;
}

function render(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return `{${pairs.join(',')}}`;
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

function numeral(value: number): string {
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
