import type { Random } from '../../../support/random.ts';
import type { Fault, FaultKind } from '../../faults/faults.ts';
import type { Plan } from '../../runs/plan.ts';
import type { TabActionKind } from '../actions/tab-actions.ts';
import type { TabDeployment } from '../simulation/world-types.ts';

export const tabDeployments: readonly TabDeployment[] = [
  ...(['memory', 'tab', 'shared'] as const).flatMap((reach) => [
    {
      name: `tabs, ${reach}, refresh tokens and silent login`,
      reach,
      hasSilentLogin: true,
      hasRefreshTokens: true,
    },
    { name: `tabs, ${reach}, refresh tokens`, reach, hasSilentLogin: false, hasRefreshTokens: true },
    { name: `tabs, ${reach}, silent login`, reach, hasSilentLogin: true, hasRefreshTokens: false },
  ]),
  {
    name: 'tabs, memory, worker, refresh tokens and silent login',
    reach: 'memory',
    hasSilentLogin: true,
    hasRefreshTokens: true,
    hasWorker: true,
  },
];

/** An action, and a number that selects one of the open tabs. */
export interface PlannedTabAction {
  readonly kind: TabActionKind;
  readonly tab: number;
}

/** The content of one run of tabs. */
export type TabPlan = Plan<TabDeployment, PlannedTabAction>;

const refreshes: readonly TabActionKind[] = [
  'token',
  'token',
  'other-resource',
  'two-resources',
  'forced-refresh',
  'rejected-token',
];
const pages: readonly TabActionKind[] = ['reload', 'close-tab', 'duplicate-tab', 'suspend-tab'];
const logouts: readonly TabActionKind[] = ['logout', 'local-logout'];

/** The actions of a run. Most themes have few kinds, because logins and logouts in each run would prevent most refreshes. */
const themes: readonly (readonly TabActionKind[])[] = [
  refreshes,
  [...refreshes, ...pages],
  [...refreshes, 'reload', 'suspend-tab', 'login'],
  [...refreshes, 'logout', 'local-logout'],
  ['login', 'login', 'logout', 'local-logout', 'token', 'reload'],
  ['login', 'user-switch', 'token', 'two-resources', 'reload', 'logout'],
  ['end-at-provider', 'token', 'token', 'reload', 'login'],
  [...refreshes, ...pages, ...logouts, 'login', 'user-switch', 'end-at-provider'],
];

const faultKinds: readonly FaultKind[] = [
  'lost-provider-response',
  'provider-unavailable',
  'failed-read',
  'failed-write',
  'crash',
  'clock-jump',
];

function createTabFault(random: Random, { reach }: TabDeployment): Fault {
  const kind = random.pick(faultKinds.filter((each) => reach === 'shared' || !each.startsWith('failed')));
  return {
    kind,
    after: random.below(kind === 'crash' || kind === 'clock-jump' ? 40 : 8),
    length: kind === 'provider-unavailable' ? random.pick([1, 4]) : 1,
    process: random.below(2),
    offset: random.pick([-7_200_000, -600_000, -20_000, -1_500, 1_500, 20_000, 600_000, 7_200_000]),
  };
}

export function createTabPlan(random: Random): TabPlan {
  // All tabs of a shared storage concern one login, so it has the most possible orders.
  const deployment = random.pick(
    random.oneIn(2) ? tabDeployments : tabDeployments.filter(({ reach }) => reach === 'shared'),
  );
  const kinds = random.pick(themes);
  const createAction = () => ({ kind: random.pick(kinds), tab: random.below(2) });
  const createRound = (maximum: number) => Array.from({ length: 1 + random.below(maximum) }, createAction);
  const faultCount = random.pick([0, 0, 1, 1, 2]);
  return {
    deployment,
    rounds: [createRound(5), ...(random.oneIn(2) ? [createRound(4)] : [])],
    faults: Array.from({ length: faultCount }, () => createTabFault(random, deployment)),
    strategy: random.pick(['uniform', 'priorities']),
    pauses: [random.pick([0, 400_000, 400_000]), random.pick([0, 5_000, 400_000]), random.pick([0, 45_000])],
    hasIdTokensAtRefresh: random.oneIn(3),
    hasReuseDetection: random.oneIn(2),
  };
}
