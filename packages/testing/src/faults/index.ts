import type { FaultContext, FaultTargets, Jws } from './fault-target.ts';
import { findMutation, type JwtFault } from './jwt-faults.ts';
import { type ResponseFault, responseFaults } from './response-faults.ts';

/** The name of a fault: a value that violates a specification, or is unusual and must be accepted. */
export type Fault = ResponseFault | JwtFault;

type FaultChange<K extends keyof FaultTargets> = (value: FaultTargets[K], state: FaultContext) => unknown;

/** Returns the changes that the active faults make to one kind of value. */
function findFaultChanges<K extends keyof FaultTargets>(kind: K, faults: Iterable<Fault>): FaultChange<K>[] {
  const changes: FaultChange<K>[] = [];
  for (const fault of faults) {
    const change = (responseFaults as Record<string, { [kind: string]: FaultChange<K> }>)[fault]?.[kind];
    if (change) changes.push(change);
    const jwsMutation = kind === 'jws' ? findMutation(fault) : undefined;
    if (jwsMutation) {
      changes.push(((jws: Jws, state: FaultContext) =>
        jws.kind === jwsMutation.kind
          ? jwsMutation.mutate(jws, state)
          : undefined) as unknown as FaultChange<K>);
    }
  }
  return changes;
}

/** Applies the active faults to a value before it is sent. */
export async function applyFaults<K extends keyof FaultTargets>(
  state: FaultContext & { readonly faults: Iterable<Fault> },
  kind: K,
  value: FaultTargets[K],
): Promise<FaultTargets[K]> {
  for (const fault of findFaultChanges(kind, state.faults)) await fault(value, state);
  return value;
}
