import { createRandom } from '../../support/random.ts';
import { actions } from '../actions/actions.ts';
import { logIn } from '../actions/log-in.ts';
import { requestSession, requestToken } from '../actions/session-requests.ts';
import { createFaults } from '../faults/faults.ts';
import { createLedger } from '../invariants/ledger.ts';
import { type Browser, createBrowser, createCopies } from '../simulation/browser.ts';
import { createProvider } from '../simulation/provider.ts';
import { readWallClock, useScheduler } from '../simulation/replace-globals.ts';
import { createScheduler } from '../simulation/scheduler.ts';
import type { Stores } from '../simulation/stores.ts';
import { createWorld, type World } from '../simulation/world.ts';
import type { ModelRun } from './collect-runs.ts';
import { pause, runPhases, runTasks, type Task, type TaskRunner, wait } from './run-tasks.ts';
import { createSessionPlan, type SessionPlan } from './session-plan.ts';

/** Runs one interleaving. The seed determines the plan and each choice. */
export async function runInterleaving(
  seed: number,
  options: { readonly wrapStores?: (stores: Stores) => Stores } = {},
): Promise<ModelRun> {
  const random = createRandom(seed);
  const plan = createSessionPlan(random);
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
  await runPhases(ledger, () => runRounds(world, plan));
  const { violations, limits } = ledger;
  return { plan, trace: scheduler.trace, violations, limits, faults: faults.occurredKinds };
}

async function runRounds(world: World, plan: SessionPlan): Promise<void> {
  const { faults } = world;
  const runner = createRunner(world);
  const browsers = plan.users.map((sub, index) => createBrowser(`browser ${index + 1}`, sub));
  const [firstPause = 0, ...pauses] = plan.pauses;
  await runTasks(
    runner,
    'in-order',
    browsers.map((browser, index) => [`setup ${index + 1}`, () => logIn(world, browser)]),
  );
  await pause(runner, firstPause);
  let count = 0;
  for (const [index, round] of plan.rounds.entries()) {
    faults.isEnabled = true;
    const tasks = round.map(({ kind, browser }): Task => {
      const target = browsers[browser] as Browser;
      return [`${kind} #${++count}`, () => actions[kind](world, target)];
    });
    await runTasks(runner, plan.strategy, tasks);
    faults.isEnabled = false;
    await pause(runner, pauses[index] ?? 0);
  }
  // Writes are repeated, and locks expire.
  await runTasks(runner, 'in-order', [], { untilIdle: true });
  world.ledger.checkCodes();
  await audit(world, runner, browsers);
  await runTasks(runner, 'in-order', [], { untilIdle: true });
}

function createRunner(world: World): TaskRunner {
  const { scheduler, ledger, faults } = world;
  return {
    scheduler,
    ledger,
    afterStep() {
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
    },
  };
}

/** Milliseconds of the longest pause after a failed request to the provider. */
const longestPause = 61_000;

/** Checks at the end, one request after another: live sessions can refresh, and ended sessions are rejected. */
async function audit(world: World, runner: TaskRunner, browsers: readonly Browser[]): Promise<void> {
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
        await wait(world.scheduler, longestPause);
        response = await requestForced();
      }
      if (isLive() && response?.accessToken === undefined)
        ledger.reportViolation(`the live session of ${record?.login.id} receives no token at the end`);
    };
    await runTasks(runner, 'in-order', [[`audit of ${browser.name}`, run]]);
  }
  for (const record of ledger.records.values()) {
    const isRevocable = deployment.isShared || deployment.processes === 1;
    const isTokenValid = record.isLoggedOut && isRevocable && record.login.endedBy === undefined;
    // The cookie of the logout may have a spent refresh token whose successor is no longer stored.
    if (isTokenValid && record.isStale) ledger.countLimit('a cookie is older than its successor');
    else if (isTokenValid && faults.occurredKinds.size === 0)
      ledger.reportViolation(`the refresh token of ${record.login.id} is valid after its logout`);
    if (!record.confirmedEnd) continue;
    for (const copy of createCopies(record, 2)) {
      await runTasks(runner, 'in-order', [['audit of an ended session', () => requestSession(world, copy)]]);
    }
  }
}
