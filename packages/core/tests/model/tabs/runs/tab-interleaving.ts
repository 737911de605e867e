import { createRandom } from '../../../support/random.ts';
import { createFaults } from '../../faults/faults.ts';
import type { ModelRun } from '../../runs/collect-runs.ts';
import { pause, runPhases, runTasks, type Task, type TaskRunner } from '../../runs/run-tasks.ts';
import { createProvider } from '../../simulation/provider.ts';
import { readWallClock, useScheduler } from '../../simulation/replace-globals.ts';
import { createScheduler } from '../../simulation/scheduler.ts';
import { logIn, tabActions } from '../actions/tab-actions.ts';
import { createTabLedger } from '../invariants/tab-ledger.ts';
import type { Tab } from '../simulation/tab.ts';
import { createTabWorld } from '../simulation/tab-world.ts';
import type { TabWorld } from '../simulation/world-types.ts';
import { auditTabs } from './audit-tabs.ts';
import type { TabDefect } from './tab-defects.ts';
import { createTabPlan, type TabPlan } from './tab-plan.ts';

/** Runs one interleaving of tabs. The seed determines the plan and each choice. */
export async function runTabInterleaving(
  seed: number,
  { defect }: { readonly defect?: TabDefect | undefined } = {},
): Promise<ModelRun> {
  const random = createRandom(seed);
  const plan = createTabPlan(random);
  const { deployment } = plan;
  const scheduler = createScheduler(random);
  useScheduler(scheduler);
  const faults = createFaults(plan.faults);
  const ledger = createTabLedger(scheduler, { faults });
  const provider = createProvider(scheduler, ledger, {
    now: () => scheduler.runIn({ action: 'provider' }, readWallClock),
    padding: '',
    hasIdTokensAtRefresh: plan.hasIdTokensAtRefresh,
    hasReuseDetection: plan.hasReuseDetection,
    hasRefreshTokens: deployment.hasRefreshTokens,
  });
  const world = createTabWorld({ deployment, scheduler, faults, ledger, provider, defect });
  await runPhases(ledger, () => runRounds(world, plan));
  const { violations, limits } = ledger;
  return { plan, trace: scheduler.trace, violations, limits, faults: faults.occurredKinds };
}

async function runRounds(world: TabWorld, plan: TabPlan): Promise<void> {
  const { faults, deployment } = world;
  const runner = createRunner(world);
  const tabs = [world.openTab('alice'), world.openTab('alice')] as const;
  // Tabs with separate tokens log in one after the other.
  for (const [index, tab] of tabs.entries()) {
    const run = () => (index === 0 || deployment.reach !== 'shared' ? logIn(world, tab) : tab.loading);
    await runTasks(runner, 'in-order', [[`setup ${tab.name}`, run]], { untilIdle: true });
  }
  const [firstPause = 0, ...pauses] = plan.pauses;
  await pause(runner, firstPause);
  let count = 0;
  for (const [index, round] of plan.rounds.entries()) {
    faults.isEnabled = true;
    const openTabs = world.tabs.filter(({ isOpen }) => isOpen);
    const tasks = round.map(({ kind, tab }): Task => {
      const target = openTabs[tab % openTabs.length] as Tab;
      return [`${kind} #${++count}`, () => tabActions[kind](world, target)];
    });
    await runTasks(runner, plan.strategy, tasks);
    faults.isEnabled = false;
    await pause(runner, pauses[index] ?? 0);
  }
  await runTasks(runner, 'in-order', [], { untilIdle: true });
  await auditTabs(world, runner);
}

function createRunner(world: TabWorld): TaskRunner {
  const { scheduler, ledger, faults, tabs } = world;
  return {
    scheduler,
    ledger,
    afterStep() {
      const crash = faults.take('crash');
      const crashedTab = crash && tabs[crash.process];
      if (crashedTab?.page) {
        scheduler.note(`(${crashedTab.name} crashes, and its page is loaded again)`);
        world.reload(crashedTab);
      }
      const jump = faults.take('clock-jump');
      if (jump) {
        scheduler.note(`(the clock jumps by ${jump.offset / 1000} s)`);
        world.setClock(world.clockOffset + jump.offset);
      }
      for (const { page } of tabs) if (page) ledger.checkPage(page);
    },
  };
}
