import { fingerprint } from '../core/sql/fingerprint.js';
import type { Comparison } from './comparison.js';
import { lint } from './lint/lint.js';
import { readTableFacts } from './lint/read-table-facts.js';
import type { ReadStep } from './rehearse.js';
import type { MigrationPlan, PlannedStep } from './reports.js';
import type { MigrationSession } from './session.js';

/** What would be done, and what of it is dangerous on the database as it is. */
export async function planOf(
  comparison: Comparison,
  steps: readonly ReadStep[],
  session: MigrationSession,
): Promise<MigrationPlan> {
  const facts = await readTableFacts(
    (text, values) => session.query(text, values),
    steps.flatMap(({ statements }) => statements),
  );
  const warnings = lint(
    steps.map(({ step, statements }) => ({
      version: step.migration.version,
      direction: step.direction,
      part: step.part,
      statements,
    })),
    facts,
  );
  return { from: comparison.version, to: endOf(comparison, steps), steps: steps.map(plannedStep), warnings };
}

function endOf(comparison: Comparison, steps: readonly ReadStep[]): number {
  const standing = new Set(comparison.applied.map(({ version }) => version));
  for (const { step } of steps) {
    if (step.direction === 'up') standing.add(step.migration.version);
    else standing.delete(step.migration.version);
  }
  return Math.max(0, ...standing);
}

function plannedStep({ step, statements }: ReadStep): PlannedStep {
  const { migration, direction, part } = step;
  const { version, label, name } = migration;
  return {
    version,
    label,
    name,
    direction,
    file: part.file,
    transaction: part.transaction,
    statements: statements.map(({ line, column, tag, text }) => ({
      line,
      column,
      tag,
      statement: fingerprint(text).text,
    })),
  };
}
