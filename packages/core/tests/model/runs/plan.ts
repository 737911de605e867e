import type { Fault } from '../faults/faults.ts';
import type { Strategy } from '../simulation/scheduler.ts';

/** The content of one run, of sessions or of tabs. The scheduler chooses the order. */
export interface Plan<Deployment = { readonly name: string }, Action = { readonly kind: string }> {
  readonly deployment: Deployment;
  /** Actions that run concurrently, in each round. */
  readonly rounds: readonly (readonly Action[])[];
  readonly faults: readonly Fault[];
  readonly strategy: Strategy;
  /** Milliseconds before the first round and after each round. */
  readonly pauses: readonly number[];
  readonly hasIdTokensAtRefresh: boolean;
  /** True if the provider ends a login whose spent refresh token is sent again. */
  readonly hasReuseDetection: boolean;
}
