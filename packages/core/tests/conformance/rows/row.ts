import type { Endpoint, Fault } from '@countersign/testing';
import type { AuthorizationRequest } from '../../../src/index.ts';
import type { HarnessOptions, Rejection } from '../../support/client/harness.ts';

/** A: the client must accept. R: it must reject. A/R: both are allowed, and the row records the implemented choice. */
export type Verdict = 'A' | 'R' | 'A/R';

/** One module of the OpenID Foundation's suite for relying parties. */
export interface Row {
  readonly id: string;
  readonly module: string;
  readonly verdict: Verdict;
  readonly options?: HarnessOptions;
  readonly request?: AuthorizationRequest;
  /** Faults of the provider during login. */
  readonly faults?: readonly Fault[];
  /** Faults of the provider during a refresh. */
  readonly refreshFaults?: readonly Fault[];
  readonly refresh?: boolean;
  /** Required for R, and for A/R if the client rejects. */
  readonly rejection?: Rejection & { readonly after: Endpoint };
}

/** Creates the name of a FAPI 2.0 module from its suffix. */
export const createFapi2Name = (suffix: string) => `fapi2-security-profile-final-client-${suffix}`;
