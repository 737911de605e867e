import { EndlessRunError, type Scheduler, type Strategy } from '../simulation/scheduler.ts';

/** The parts of a run that its tasks need. */
export interface TaskRunner {
  readonly scheduler: Scheduler;
  readonly ledger: { readonly violations: readonly string[]; reportViolation(text: string): void };
  /** Called after each step, while the run has no violation. */
  readonly afterStep: () => void;
}

export type Task = readonly [name: string, run: () => Promise<unknown>];

/** Ends a run at its first violation. */
class ViolationError extends Error {}

/** Runs tasks concurrently until all have completed. */
export async function runTasks(
  { scheduler, ledger, afterStep }: TaskRunner,
  strategy: Strategy,
  tasks: readonly Task[],
  { untilIdle = false } = {},
): Promise<void> {
  scheduler.strategy = strategy;
  let unfinished = tasks.length;
  for (const [action, run] of tasks) {
    scheduler.runIn({ action }, () =>
      scheduler
        .step('starts', () => {})
        .then(run)
        .catch((error: unknown) =>
          ledger.reportViolation(`${action} failed: ${String((error as Error)?.stack ?? error)}`),
        )
        .finally(() => void unfinished--),
    );
  }
  await scheduler.run({
    isDone: () => unfinished === 0 && !untilIdle,
    afterStep() {
      if (ledger.violations.length > 0) throw new ViolationError();
      afterStep();
    },
  });
  if (unfinished > 0 && ledger.violations.length === 0)
    ledger.reportViolation(`${unfinished} actions never complete`);
  if (ledger.violations.length > 0) throw new ViolationError();
}

/** Runs all phases of a run, and reports exceptions as violations. */
export async function runPhases(ledger: TaskRunner['ledger'], phases: () => Promise<void>): Promise<void> {
  const onRejection = (error: unknown) =>
    ledger.reportViolation(`unhandled rejection: ${String((error as Error)?.stack ?? error)}`);
  process.on('unhandledRejection', onRejection);
  try {
    await phases();
  } catch (error) {
    if (error instanceof EndlessRunError) ledger.reportViolation('work remains that never completes');
    else if (!(error instanceof ViolationError))
      ledger.reportViolation(`the run failed: ${String((error as Error)?.stack ?? error)}`);
  } finally {
    process.off('unhandledRejection', onRejection);
  }
}

export const wait = (scheduler: Scheduler, milliseconds: number): Promise<void> =>
  new Promise((resolve) => scheduler.setTimer(resolve, milliseconds, false));

/** Advances the time by a number of milliseconds. */
export async function pause(runner: TaskRunner, milliseconds: number): Promise<void> {
  if (milliseconds === 0) return;
  await runTasks(runner, 'in-order', [['pause', () => wait(runner.scheduler, milliseconds)]]);
}
