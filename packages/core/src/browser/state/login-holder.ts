import { LoginRequiredError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import type { RefreshPause } from './refresh-pauses.ts';

/**
 * The login to which a request belongs. A request that began with a token of one login never uses a token of another.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability (`iss` and `sub` together identify a user)
 */
export interface LoginHolder {
  /** In an expectation, absent means any. */
  readonly iss?: string | undefined;
  readonly sub: string;
  /** Distinguishes the logins of one user, before and after a logout. In an expectation, absent means any. */
  readonly login?: string | undefined;
}

/** The tokens of a login, with the data that all tabs with the same storage need. */
export interface StoredTokenSet extends TokenSet {
  /** Identifies the login. A silent login or a step-up of the same user continues it. */
  readonly login?: string;
  /** When the login began, in milliseconds since the epoch. A later logout in any tab ends it. */
  readonly loginStartedAt?: number;
  /** The user has not seen a page of the login. A visible login of another user that runs meanwhile replaces it. */
  readonly isSilent?: true;
  /** The provider has rejected the refresh token. The ID token remains as the hint of a silent login. */
  readonly ended?: true;
  /**
   * Stored instead of the tokens of a login that the provider has ended: the name of that login. A logout deletes it. A
   * new login of the same user that runs meanwhile can therefore tell the end from a logout.
   */
  readonly endedLogin?: string;
  /** The pause after the last failed refresh. A successful refresh removes it. */
  readonly pause?: RefreshPause;
}

/** Finds the holder of stored tokens. Returns `undefined` without tokens, or if their user is unknown. */
export function findHolder(tokens: StoredTokenSet | undefined): LoginHolder | undefined {
  const { iss, sub } = tokens?.claims ?? {};
  if (typeof iss !== 'string' || typeof sub !== 'string') return undefined;
  return { iss, sub, login: tokens?.login ?? '' };
}

/** Checks that the actual holder matches the expectation. */
export function isSameHolder(expected: LoginHolder | undefined, actual: LoginHolder | undefined): boolean {
  if (!expected || !actual) return expected === actual;
  const { iss = actual.iss, sub, login = actual.login } = expected;
  return iss === actual.iss && sub === actual.sub && login === actual.login;
}

/** Checks that stored tokens are those of the expectation: no login and no refresh has replaced them. */
export function isSameTokens(
  expected: StoredTokenSet | undefined,
  actual: StoredTokenSet | undefined,
): boolean {
  if (!expected || !actual) return !findHolder(expected) && !findHolder(actual);
  const listTokens = ({ login, refreshToken, accessTokens }: StoredTokenSet) =>
    JSON.stringify([login, refreshToken, accessTokens.map(({ accessToken }) => accessToken)]);
  return (
    isSameHolder(findHolder(expected), findHolder(actual)) && listTokens(expected) === listTokens(actual)
  );
}

/** Creates what is stored after the provider has ended a login: no token, no claim. */
export const createEndedLogin = (tokens: StoredTokenSet | undefined): StoredTokenSet | undefined =>
  tokens?.login
    ? {
        accessTokens: [],
        scopes: [],
        updatedAt: 0,
        endedLogin: tokens.login,
        loginStartedAt: tokens.loginStartedAt ?? 0,
      }
    : undefined;

/** Copies what a refresh does not change: the data of the login. */
export const copyLoginData = ({
  login,
  loginStartedAt,
  isSilent,
}: StoredTokenSet): Pick<StoredTokenSet, 'login' | 'loginStartedAt' | 'isSilent'> => ({
  ...(login !== undefined && { login }),
  ...(loginStartedAt !== undefined && { loginStartedAt }),
  ...(isSilent && { isSilent }),
});

/** Checks that one of the access tokens is valid. @param time seconds since the epoch */
export const hasValidToken = ({ accessTokens }: TokenSet, time: number): boolean =>
  accessTokens.some(({ expiresAt }) => expiresAt === undefined || expiresAt > time);

export const createLoginEndedError = (): LoginRequiredError =>
  new LoginRequiredError(
    'session_ended',
    isDevelopment ? 'The login has ended, or another user has logged in. Log in again.' : '',
  );
