import type { MigrationPlan, MigrationWarning, PlannedStep } from '../../migrate/reports.js';
import { printable } from '../printable.js';
import type { View } from '../render/view.js';
import { cut, wrap } from '../render/wrap.js';

const indent = ' '.repeat(10);

export function showPlan(plan: MigrationPlan, view: View): string {
  if (plan.steps.length === 0) return `Nothing to do: the database is at version ${String(plan.from)}.`;
  const lines: string[] = [];
  for (const step of plan.steps) lines.push(...showStep(step, plan.warnings, view), '');
  const { warnings, steps } = plan;
  const many = steps.length === 1 ? '1 migration' : `${String(steps.length)} migrations`;
  const dangers = warnings.length === 0 ? 'Nothing dangerous was found.' : `! ${countOf(warnings.length)} above.`;
  const route = `from version ${String(plan.from)} to ${String(plan.to)}`;
  lines.push(wrap(`${many}, ${route}. Nothing was changed. ${dangers}`, view.width));
  return lines.join('\n');
}

function countOf(warnings: number): string {
  return warnings === 1 ? '1 warning' : `${String(warnings)} warnings`;
}

function showStep(step: PlannedStep, warnings: readonly MigrationWarning[], view: View): string[] {
  const how = step.transaction ? 'in one transaction' : 'without a transaction';
  const lines = [
    view.style.bold(`${step.direction} ${step.label}_${step.name}`) + ` (${printable(step.file)}, ${how})`,
  ];
  const own = warnings.filter((one) => one.version === step.version && one.direction === step.direction);
  const told = new Set<MigrationWarning>();
  for (const { line, column, tag, statement } of step.statements) {
    const head = `${String(line).padStart(6)}  `;
    lines.push(`${view.style.dim(head)}  ${tag}`);
    lines.push(indent + view.style.dim(cut(printable(statement), view.width && view.width - indent.length)));
    for (const one of own) {
      if (one.line !== line || one.column !== column) continue;
      told.add(one);
      lines.push(...showWarning(one, view));
    }
  }
  // Its place is within a statement, or it is of the migration as a whole.
  for (const one of own) if (!told.has(one)) lines.push(...showWarning(one, view));
  return lines;
}

function showWarning({ line, message, rule, safe_way: safeWay }: MigrationWarning, { width, style }: View): string[] {
  const text = wrap(`line ${String(line)}: ${printable(message)} [${rule}]`, width, indent);
  return [
    `${' '.repeat(8)}${style.yellow('!')} ${style.yellow(text)}`,
    `${indent}${wrap(`Instead: ${printable(safeWay)}`, width, indent)}`,
  ];
}
