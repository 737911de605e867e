import type { Random } from '../../support/random.ts';
import type { ActionKind } from '../actions/actions.ts';
import { createFault } from '../faults/faults.ts';
import { chooseDeployment, type Deployment, getPorts } from '../simulation/deployment.ts';
import type { Plan } from './plan.ts';

export interface PlannedAction {
  readonly kind: ActionKind;
  /** Index of the browser. */
  readonly browser: number;
}

/** The content of one run of sessions. */
export interface SessionPlan extends Plan<Deployment, PlannedAction> {
  /** The user of each browser. */
  readonly users: readonly string[];
  readonly isMetadataStatic: boolean;
  /** Makes sessions larger than one cookie. */
  readonly padding: string;
}

const refreshes: readonly ActionKind[] = ['token', 'other-resource', 'two-resources', 'forced-refresh'];
const logins: readonly ActionKind[] = ['login', 'user-switch', 'double-callback'];
const logouts: readonly ActionKind[] = [
  'logout',
  'double-logout',
  'backchannel-logout',
  'replayed-logout-token',
];

/** The actions of a run. Most themes have few kinds, because logins and logouts in each run would prevent most refreshes. */
const themes: readonly (readonly ActionKind[])[] = [
  [...refreshes, 'change', 'change', 'session'],
  [...refreshes, 'change', 'logout', 'backchannel-logout'],
  [...logins, 'token', 'session', 'change', 'logout'],
  ['login', 'double-callback', 'backchannel-logout', 'replayed-logout-token', 'token'],
  ['login', 'login', 'backchannel-logout'],
  ['double-logout', 'copied-cookie', 'copied-cookie', 'copied-cookie'],
  ['token', 'token', 'forced-refresh'],
  [...refreshes, ...logins, ...logouts, 'session', 'change'],
];

export function createSessionPlan(random: Random): SessionPlan {
  const deployment = chooseDeployment(random);
  const users = random.pick([['alice'], ['alice', 'bob'], ['alice', 'alice']]);
  const kinds = random.pick(themes);
  // Most actions belong to one browser, because only they concern the same session.
  const createAction = (): PlannedAction => ({
    kind: random.pick(kinds),
    browser: random.oneIn(3) ? random.below(users.length) : 0,
  });
  const createRound = (maximum: number) => Array.from({ length: 1 + random.below(maximum) }, createAction);
  const faultCount = random.pick([0, 0, 1, 1, 1, 1, 2]);
  const ports = getPorts(deployment);
  return {
    deployment,
    users,
    rounds: [createRound(5), ...(random.oneIn(3) ? [createRound(3)] : [])],
    faults: Array.from({ length: faultCount }, () =>
      createFault(random, { processes: deployment.processes, ports }),
    ),
    strategy: random.pick(['uniform', 'priorities']),
    // During a pause, access tokens or a successor expire, or neither.
    pauses: [random.pick([0, 400_000, 400_000]), random.pick([0, 5_000, 45_000]), random.pick([0, 45_000])],
    isMetadataStatic: !random.oneIn(4),
    hasIdTokensAtRefresh: random.oneIn(3),
    hasReuseDetection: random.oneIn(2),
    padding: random.oneIn(4) ? 'x'.repeat(3_000) : '',
  };
}
