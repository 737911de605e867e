import { type AuthError, LoginRequiredError } from '../errors.ts';
import { seconds } from '../internal/clock.ts';
import { createRejectedRefreshes } from '../tokens/refresh/rejected-refreshes.ts';
import type { AccessToken } from '../tokens/token-set.ts';
import type { SilentLogin } from './login/silent/silent-login.ts';
import type { BrowserContext } from './options.ts';
import {
  createLoginEndedError,
  findHolder,
  hasValidToken,
  isSameHolder,
  type StoredTokenSet,
} from './state/login-holder.ts';
import type { LoginStore } from './state/login-store.ts';
import type { BrowserTokenRequest, SilentLoginRequest } from './wanted-token.ts';

/** The operations of a token request. */
export interface RefreshOrSilentLoginOptions {
  /** Finds a valid access token, or refreshes it. */
  readonly refreshAccessToken: (tokenRequest: BrowserTokenRequest) => Promise<AccessToken>;
  readonly silentLogin: SilentLogin;
  /** Deletes the tokens of a login that has ended. */
  readonly endLogin: (tokens: StoredTokenSet | undefined, error?: Error) => Promise<void>;
}

/**
 * Creates a function that finds a valid access token: with the refresh token, or else with a silent login of the same user.
 * If both fail, the login ends, unless it has another valid token, or a silent login replaces the token of the login itself.
 */
export function createRefreshOrSilentLogin(
  { now, resources }: BrowserContext,
  store: LoginStore,
  { refreshAccessToken, silentLogin, endLogin }: RefreshOrSilentLoginOptions,
): (tokenRequest: BrowserTokenRequest) => Promise<AccessToken> {
  /** Failures of silent logins: during a pause, all callers receive the same error, and no frame is opened. */
  const silentFailures = createRejectedRefreshes(now);
  /** The callers that shared a silent login add its failure once: each addition prolongs the pause. */
  const addSilentFailure = (key: string, error: Error) => {
    if (!silentFailures.find(key)) silentFailures.add(key, error);
  };

  return async (tokenRequest) => {
    const { holder, resource, scope } = tokenRequest;
    try {
      return await refreshAccessToken(tokenRequest);
    } catch (error) {
      const { code } = error as AuthError;
      // A tab was suspended during its refresh. The refresh token may be spent, and its replay would end the login
      // (RFC 9700 section 4.14.2). A silent login of the same user does not need it.
      const isTabSuspended = code === 'lock_timeout';
      if (!isTabSuspended && !(error instanceof LoginRequiredError)) throw error;
      // A visible login has to follow.
      if (code === 'interaction_required') throw error;
      const tokens = await store.read();
      // After a logout or a login of another user there is no token to replace.
      if (!tokens || !isSameHolder(holder, findHolder(tokens))) {
        await store.synchronize();
        throw isTabSuspended ? createLoginEndedError() : error;
      }
      const isValid = hasValidToken(tokens, seconds(now));
      const key = JSON.stringify([holder, tokens.idToken, resource, scope, isValid]);
      const knownFailure = silentFailures.find(key);
      if (knownFailure) throw knownFailure;
      /** Whether the provider has to show a page, so that the user may still have a session there. */
      let isInteractionRequired = false;
      const tryToLogIn = (request: SilentLoginRequest) => {
        isInteractionRequired = false;
        return silentLogin(holder, request).catch((silentError: AuthError) => {
          isInteractionRequired = silentError.code === 'interaction_required';
          if (isInteractionRequired || isTabSuspended) return false;
          throw silentError;
        });
      };
      // A rejection without a reason does not end the login. Nor does a missing token for one resource server, if there is
      // another valid token.
      let isLoginOver = !isTabSuspended && code !== 'refresh_rejected' && !isValid;
      try {
        // There is no valid refresh token, but the user may have a session at the provider.
        if (await tryToLogIn(tokenRequest)) return await refreshAccessToken(tokenRequest);
        // A rejection for one resource server or scope does not end the login.
        const isLoginToken = resource === resources[0] && scope === undefined;
        if (isLoginOver && !isLoginToken && (await tryToLogIn({ resource: resources[0] })))
          return await refreshAccessToken(tokenRequest);
      } catch (silentError) {
        addSilentFailure(key, silentError as Error);
        throw silentError;
      }
      addSilentFailure(key, error as Error);
      // Without a refresh token, only the provider's "login_required" is the end of the session there.
      isLoginOver &&= !(isInteractionRequired && code === 'refresh_token_missing');
      if (isLoginOver) await endLogin(tokens, error as Error);
      throw error;
    }
  };
}
