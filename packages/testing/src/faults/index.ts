import type { Jws } from '../jws.ts';
import type { ServerState } from '../state.ts';
import { findMutation, type JwtFault } from './jwt-faults.ts';
import { type ResponseFault, responseFaults } from './response-faults.ts';

/** A named way to misbehave: what is wrong with what. Some are merely unusual, and must be accepted. */
export type Fault = ResponseFault | JwtFault;

/** The algorithms that userinfo is signed and encrypted with; absent: it is not. */
export interface UserinfoProtection {
  signed?: string | undefined;
  encrypted?: string | undefined;
}

/** What passes on its way out, and may be lied about. */
export interface FaultTargets {
  jws: Jws;
  metadata: Record<string, unknown>;
  jwks: { keys: Record<string, unknown>[] };
  authorizationResponse: URLSearchParams;
  tokenResponse: Record<string, unknown>;
  userinfoResponse: Record<string, unknown>;
  userinfoProtection: UserinfoProtection;
  logoutResponse: URLSearchParams;
}

type FaultChange<K extends keyof FaultTargets> = (value: FaultTargets[K], state: ServerState) => unknown;

/** The changes that the applyFaults faults make to one kind of answer. */
export function findFaultChanges<K extends keyof FaultTargets>(
  kind: K,
  faults: Iterable<Fault>,
): FaultChange<K>[] {
  const changes: FaultChange<K>[] = [];
  for (const fault of faults) {
    const answer = (responseFaults as Record<string, { [kind: string]: FaultChange<K> }>)[fault]?.[kind];
    if (answer) changes.push(answer);
    const signed = kind === 'jws' ? findMutation(fault) : undefined;
    if (signed) {
      changes.push(((jws: Jws, state: ServerState) =>
        jws.kind === signed.kind ? signed.mutate(jws, state) : undefined) as unknown as FaultChange<K>);
    }
  }
  return changes;
}
