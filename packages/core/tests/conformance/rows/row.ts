import type { Endpoint, Lie } from '@countersign/testing';
import type { AuthorizationRequest } from '../../../src/index.ts';
import type { HarnessOptions, Refusal } from '../harness.ts';

/** A: the client must complete the flow. R: it must refuse. A/R: either, and ours is written down. */
export type Verdict = 'A' | 'R' | 'A/R';

/** One module of the OpenID Foundation's suite for relying parties. */
export interface Row {
  readonly id: string;
  readonly module: string;
  readonly verdict: Verdict;
  readonly options?: HarnessOptions;
  readonly request?: AuthorizationRequest;
  /** Told during login. */
  readonly lies?: readonly Lie[];
  /** Told after login, before a refresh. */
  readonly refreshLies?: readonly Lie[];
  readonly refresh?: boolean;
  /** For R, and for A/R where we refuse. */
  readonly refusal?: Refusal & { readonly after: Endpoint };
}

/** A module of FAPI 2.0 by the end of its name. */
export const fapi2 = (suffix: string) => `fapi2-security-profile-final-client-${suffix}`;
