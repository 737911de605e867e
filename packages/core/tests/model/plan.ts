import type { Random } from '../support/random.ts';
import type { ActionKind } from './actions.ts';
import { chooseDeployment, type Deployment } from './deployment.ts';
import { createFault, type Fault } from './faults.ts';
import type { Strategy } from './scheduler.ts';

export interface PlannedAction {
  readonly kind: ActionKind;
  /** Index of the browser. */
  readonly browser: number;
}

/** What happens in one run. The scheduler chooses the order. */
export interface Plan {
  readonly deployment: Deployment;
  /** The user of each browser. */
  readonly users: readonly string[];
  /** Actions that run concurrently, in each round. */
  readonly rounds: readonly (readonly PlannedAction[])[];
  readonly faults: readonly Fault[];
  readonly strategy: Strategy;
  /** Milliseconds before the first round and after each round. */
  readonly pauses: readonly number[];
  readonly isMetadataStatic: boolean;
  readonly hasIdTokensAtRefresh: boolean;
  /** Makes sessions larger than one cookie. */
  readonly padding: string;
}

/** Actions that refresh are more frequent: most invariants are about them. */
const kinds: readonly ActionKind[] = [
  'token',
  'token',
  'token',
  'other-resource',
  'two-resources',
  'forced-refresh',
  'session',
  'change',
  'change',
  'login',
  'user-switch',
  'double-callback',
  'logout',
  'logout',
  'backchannel-logout',
  'replayed-logout-token',
];

export function createPlan(random: Random): Plan {
  const deployment = chooseDeployment(random);
  const users = random.pick([['alice'], ['alice', 'bob'], ['alice', 'alice']]);
  const createAction = (): PlannedAction => ({
    kind: random.pick(kinds),
    browser: random.below(users.length),
  });
  const createRound = (most: number) => Array.from({ length: 1 + random.below(most) }, createAction);
  const faultCount = random.pick([0, 0, 1, 1, 1, 1, 2]);
  const hasPorts = deployment.isShared || deployment.kind === 'stored';
  return {
    deployment,
    users,
    rounds: [createRound(5), ...(random.oneIn(3) ? [createRound(3)] : [])],
    faults: Array.from({ length: faultCount }, () =>
      createFault(random, { processes: deployment.processes, hasPorts }),
    ),
    strategy: random.pick(['uniform', 'priorities']),
    // Access tokens have expired, or are valid, or a successor has expired in the meantime.
    pauses: [random.pick([0, 400_000, 400_000]), random.pick([0, 5_000, 45_000]), random.pick([0, 45_000])],
    isMetadataStatic: !random.oneIn(4),
    hasIdTokensAtRefresh: random.oneIn(3),
    padding: random.oneIn(4) ? 'x'.repeat(3_000) : '',
  };
}
