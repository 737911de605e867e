import type { FaultKind } from '../faults/faults.ts';
import type { TraceEntry } from '../simulation/scheduler.ts';
import type { Plan } from './plan.ts';
import { increment, type Statistics } from './statistics.ts';

/** The result of one run, of sessions or of tabs. */
export interface ModelRun {
  readonly plan: Plan;
  readonly trace: readonly TraceEntry[];
  readonly violations: readonly string[];
  /** How often each documented limit applied. */
  readonly limits: ReadonlyMap<string, number>;
  /** The faults that have occurred. */
  readonly faults: ReadonlySet<FaultKind>;
}

/** Failures whose steps are printed. */
const maxFailures = 5;

export function addInterleaving(
  statistics: Statistics,
  { seed, index }: { readonly seed: number; readonly index: number },
  run: ModelRun,
): void {
  const { plan, trace, violations, limits, faults } = run;
  statistics.runs++;
  statistics.steps += trace.length;
  statistics.hashes.push(hashTrace(plan.deployment.name, trace));
  increment(statistics.deployments, plan.deployment.name);
  for (const { kind } of plan.rounds.flat()) increment(statistics.actions, kind);
  for (const fault of faults.size === 0 ? ['none'] : faults) increment(statistics.faults, fault);
  for (const [name, count] of limits) increment(statistics.limits, name, count);
  if (violations.length === 0) return;
  statistics.failed++;
  if (statistics.failures.length >= maxFailures) return;
  statistics.failures.push({ seed, index, violation: violations.join('; '), text: describeRun(run) });
}

/** Describes what was executed, one step per line. */
export function describeRun({ plan, trace }: ModelRun): string {
  const faults = plan.faults.map(({ kind, after }) => `${kind} after ${after}`).join(', ');
  const lines = trace.map(
    ({ at, process, action, name }) =>
      `${(at / 1000).toFixed(3).padStart(9)} s  ${process.padEnd(6)} ${action.padEnd(26)} ${name}`,
  );
  return [
    `deployment: ${plan.deployment.name}; planned faults: ${faults || 'none'}; order: ${plan.strategy}`,
    ...lines,
  ].join('\n');
}

/** A hash of 53 bits: the order of the steps, without their times. */
function hashTrace(deployment: string, trace: readonly TraceEntry[]): number {
  let high = 0x811c9dc5;
  let low = 0x1b873593;
  const add = (text: string) => {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      high = Math.imul(high ^ code, 0x01000193);
      low = Math.imul(low ^ code, 0x85ebca6b) ^ (low >>> 13);
    }
  };
  add(deployment);
  for (const { process, action, name } of trace) add(`${process}|${action}|${name}\n`);
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
}
