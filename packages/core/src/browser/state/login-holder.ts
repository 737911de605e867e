import type { TokenSet } from '../../tokens/token-set.ts';

/**
 * The login that a piece of work belongs to. What began with a token of one login is never finished with a token of
 * another.
 *
 * @see OpenID Connect Core section 5.7: `iss` and `sub` together identify a user
 */
export interface LoginHolder {
  /** Absent in an expectation: any. */
  readonly iss?: string | undefined;
  readonly sub: string;
  /** Distinguishes a login from a later one of the same user, after a logout. Absent in an expectation: any. */
  readonly login?: string | undefined;
}

/** What the browser client keeps beside the tokens, for every tab that shares them. */
export interface KeptTokenSet extends TokenSet {
  /** Identifies the login. A silent login or a step-up of the same user continues it. */
  readonly login?: string;
  /** The provider has rejected the refresh token. The ID token stays as the hint for a silent login. */
  readonly ended?: true;
  /** Until when the provider asked for no requests, in milliseconds since the epoch. */
  readonly pausedUntil?: number;
}

/** The holder of kept tokens; `undefined` without tokens, or when it is not known whose they are. */
export function findHolder(tokens: KeptTokenSet | undefined): LoginHolder | undefined {
  const { iss, sub } = tokens?.claims ?? {};
  if (typeof iss !== 'string' || typeof sub !== 'string') return undefined;
  return { iss, sub, login: tokens?.login ?? '' };
}

/** True when the actual holder satisfies the expectation. */
export function isSameHolder(expected: LoginHolder | undefined, actual: LoginHolder | undefined): boolean {
  if (!expected || !actual) return expected === actual;
  const { iss = actual.iss, sub, login = actual.login } = expected;
  return iss === actual.iss && sub === actual.sub && login === actual.login;
}
