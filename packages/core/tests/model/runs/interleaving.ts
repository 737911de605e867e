import { createRandom } from '../../support/random.ts';
import { actions } from '../actions/actions.ts';
import { logIn } from '../actions/log-in.ts';
import { requestSession, requestToken } from '../actions/session-requests.ts';
import { createFaults, type FaultKind } from '../faults/faults.ts';
import { createLedger } from '../invariants/ledger.ts';
import type { DocumentedLimit } from '../invariants/login-record.ts';
import { type Browser, createBrowser, createCopies } from '../simulation/browser.ts';
import { createProvider } from '../simulation/provider.ts';
import { readWallClock, useScheduler } from '../simulation/replace-globals.ts';
import { createScheduler, EndlessRunError, type Strategy, type TraceEntry } from '../simulation/scheduler.ts';
import type { Stores } from '../simulation/stores.ts';
import { createWorld, type World } from '../simulation/world.ts';
import { createPlan, type Plan } from './plan.ts';

/** The result of one run. */
export interface Interleaving {
  readonly plan: Plan;
  readonly trace: readonly TraceEntry[];
  readonly violations: readonly string[];
  readonly limits: ReadonlyMap<DocumentedLimit, number>;
  /** The faults that have occurred. */
  readonly faults: ReadonlySet<FaultKind>;
}

/** Runs one interleaving. The seed determines the plan and each choice. */
export async function runInterleaving(
  seed: number,
  options: { readonly wrapStores?: (stores: Stores) => Stores } = {},
): Promise<Interleaving> {
  const random = createRandom(seed);
  const plan = createPlan(random);
  const scheduler = createScheduler(random);
  useScheduler(scheduler);
  const faults = createFaults(plan.faults);
  const ledger = createLedger(plan.deployment, { faults });
  const provider = createProvider(scheduler, ledger, {
    now: () => scheduler.runIn({ action: 'provider' }, readWallClock),
    padding: plan.padding,
    hasIdTokensAtRefresh: plan.hasIdTokensAtRefresh,
    hasReuseDetection: plan.hasReuseDetection,
  });
  const { deployment, isMetadataStatic } = plan;
  const world = createWorld({
    deployment,
    scheduler,
    faults,
    ledger,
    provider,
    isMetadataStatic,
    ...options,
  });
  const onRejection = (error: unknown) => ledger.reportViolation(`unhandled rejection: ${String(error)}`);
  process.on('unhandledRejection', onRejection);
  try {
    await runPhases(world, plan);
  } catch (error) {
    if (error instanceof EndlessRunError) ledger.reportViolation('work remains that never completes');
    else if (!(error instanceof ViolationError))
      ledger.reportViolation(`the run failed: ${String((error as Error)?.stack ?? error)}`);
  } finally {
    process.off('unhandledRejection', onRejection);
  }
  const { violations, limits } = ledger;
  return { plan, trace: scheduler.trace, violations, limits, faults: faults.occurredKinds };
}

/** Ends a run at its first violation. */
class ViolationError extends Error {}

async function runPhases(world: World, plan: Plan): Promise<void> {
  const { faults } = world;
  const browsers = plan.users.map((sub, index) => createBrowser(`browser ${index + 1}`, sub));
  const [firstPause = 0, ...pauses] = plan.pauses;
  await runAll(
    world,
    'in-order',
    browsers.map((browser, index) => [`setup ${index + 1}`, () => logIn(world, browser)]),
  );
  await pause(world, firstPause);
  let count = 0;
  for (const [index, round] of plan.rounds.entries()) {
    faults.isEnabled = true;
    const tasks = round.map(({ kind, browser }): Task => {
      const target = browsers[browser] as Browser;
      return [`${kind} #${++count}`, () => actions[kind](world, target)];
    });
    await runAll(world, plan.strategy, tasks);
    faults.isEnabled = false;
    await pause(world, pauses[index] ?? 0);
  }
  // Repeated writes and expiring locks.
  await runAll(world, 'in-order', [], { untilIdle: true });
  world.ledger.checkCodes();
  await audit(world, browsers);
  await runAll(world, 'in-order', [], { untilIdle: true });
}

type Task = readonly [name: string, run: () => Promise<unknown>];

/** Runs actions concurrently until all have completed. */
async function runAll(
  world: World,
  strategy: Strategy,
  tasks: readonly Task[],
  { untilIdle = false } = {},
): Promise<void> {
  const { scheduler, ledger, faults } = world;
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
  const afterStep = () => {
    if (ledger.violations.length > 0) throw new ViolationError();
    const crash = faults.take('crash');
    if (crash) {
      scheduler.note(`(${world.instances[crash.process]?.process.name} crashes)`);
      world.restart(crash.process);
    }
    const jump = faults.take('clock-jump');
    const process = jump && world.instances[jump.process]?.process;
    if (process) {
      process.clockOffset += jump.offset;
      scheduler.note(`(the clock of ${process.name} jumps by ${jump.offset / 1000} s)`);
    }
  };
  await scheduler.run({ isDone: () => unfinished === 0 && !untilIdle, afterStep });
  if (unfinished > 0 && ledger.violations.length === 0)
    ledger.reportViolation(`${unfinished} actions never complete`);
  if (ledger.violations.length > 0) throw new ViolationError();
}

async function pause(world: World, milliseconds: number): Promise<void> {
  if (milliseconds === 0) return;
  await runAll(world, 'in-order', [['pause', () => wait(world, milliseconds)]]);
}

const wait = ({ scheduler }: World, milliseconds: number): Promise<void> =>
  new Promise((resolve) => scheduler.setTimer(resolve, milliseconds, false));

/** Milliseconds of the longest pause after a failed request to the provider. */
const longestPause = 61_000;

/** Checks at the end, one request after another: live sessions can refresh, and ended sessions are rejected. */
async function audit(world: World, browsers: readonly Browser[]): Promise<void> {
  const { ledger, faults, deployment } = world;
  for (const browser of browsers) {
    const run = async () => {
      const { record } = browser;
      const session = await requestSession(world, browser);
      if (record && session?.changes) ledger.checkChanges(record, session.changes);
      const isLive = () => record && record.mayEnd === undefined && record.loss === undefined;
      const requestForced = () => requestToken(world, browser, { forceRefresh: true });
      let response = await requestForced();
      if (isLive() && response?.accessToken === undefined) {
        await wait(world, longestPause);
        response = await requestForced();
      }
      if (isLive() && response?.accessToken === undefined)
        ledger.reportViolation(`the live session of ${record?.login.id} receives no token at the end`);
    };
    await runAll(world, 'in-order', [[`audit of ${browser.name}`, run]]);
  }
  for (const record of ledger.records.values()) {
    const isRevocable = deployment.isShared || deployment.processes === 1;
    const isTokenValid = record.isLoggedOut && isRevocable && record.login.endedBy === undefined;
    // The cookie of the logout may have a spent refresh token whose successor is not stored any more.
    if (isTokenValid && record.isStale) ledger.countLimit('a cookie is older than its successor');
    else if (isTokenValid && faults.occurredKinds.size === 0)
      ledger.reportViolation(`the refresh token of ${record.login.id} is valid after its logout`);
    if (!record.confirmedEnd) continue;
    for (const copy of createCopies(record, 2)) {
      await runAll(world, 'in-order', [['audit of an ended session', () => requestSession(world, copy)]]);
    }
  }
}
