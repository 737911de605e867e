import { seconds } from '../../internal/clock.ts';
import { createRandomToken } from '../../internal/encoding.ts';
import { applyRefresh, createTokenSet } from '../../tokens/token-set.ts';
import { markReplacement } from '../../tokens/usable-token.ts';
import type { BrowserContext } from '../options.ts';
import {
  createLoginEndedError,
  findHolder,
  isSameHolder,
  type LoginHolder,
  type StoredTokenSet,
} from '../state/login-holder.ts';
import type { LoginStore } from '../state/login-store.ts';
import type { SilentLoginRequest } from '../wanted-token.ts';
import { exchangeCode } from '../wire/token-request.ts';
import { validateAuthorizationResponse } from './authorization-response.ts';
import type { BrowserTransaction } from './browser-transaction.ts';
import { recordConsent } from './consent-memory.ts';
import { revokeTokens } from './logout.ts';

/** A login in progress, and the state in which it began. */
export interface LoginAttempt {
  /** The generation in which it began. */
  readonly generation: number;
  /** When it began, in milliseconds since the epoch. A later logout ends it. */
  readonly startedAt: number;
  /** The tokens that were stored when it began. */
  readonly previousTokens: StoredTokenSet | undefined;
  /** The only user who is accepted. Default: any. */
  readonly holder?: LoginHolder | undefined;
  /** False for a silent login. */
  readonly isVisible: boolean;
  /** The access token for which a silent login is needed. */
  readonly tokenRequest?: SilentLoginRequest;
}

/** The authorization response of a login. */
export interface LoginResponse {
  readonly parameters: URLSearchParams;
  readonly transaction: BrowserTransaction | undefined;
}

/**
 * Validates the authorization response, exchanges the code and stores the tokens. On an error, nothing is stored.
 *
 * @returns the signed-in user
 * @throws LoginRequiredError `session_ended` if a logout or another login happened meanwhile, or the user is not the holder
 */
export async function completeLogin(
  context: BrowserContext,
  store: LoginStore,
  response: LoginResponse & LoginAttempt,
): Promise<{ readonly sub: string }> {
  const { generation, startedAt, previousTokens, holder, isVisible, tokenRequest = {} } = response;
  const { code, transaction, responseIssuer } = await validateAuthorizationResponse(
    context,
    response.parameters,
    response.transaction,
  );
  const tokenResponse = await exchangeCode(context, code, { ...transaction, responseIssuer });
  const resource = transaction.resource[0];
  const tokens = createTokenSet(tokenResponse, seconds(context.now), { resource });
  const { iss, sub } = tokenResponse.claims;
  const isSameUser = (other: LoginHolder | undefined) => isSameHolder({ iss, sub }, other);
  // Another user is signed in at the provider. The tokens are not revoked: with a refresh token, many providers revoke the
  // entire grant, and with it the login of that user in another tab.
  if (holder && !isSameUser(holder)) throw createLoginEndedError();
  const previousHolder = findHolder(previousTokens);
  let current: StoredTokenSet | undefined;
  let next: StoredTokenSet | undefined;
  let ownGeneration: number | undefined;
  await store.changeTokens((stored, endedLogin) => {
    current = stored;
    const currentHolder = findHolder(stored);
    // Without tokens, the previous login of the same user was ended by the provider or by a logout. Only the end of the
    // provider leaves the name of the login. The login of another user that has ended does not prevent this one.
    const isEndedByLogout = isSameUser(previousHolder) && previousHolder?.login !== endedLogin;
    const isUnchanged =
      generation === store.getGeneration() &&
      (isSameHolder(holder ?? previousHolder, currentHolder) ||
        // The user has chosen the login of a page, not one that another tab found without asking.
        (isVisible && (!stored || stored.isSilent) && !isEndedByLogout));
    // A logout or another login came first. The same user may complete two logins.
    if (store.isLoggedOutSince(startedAt)) return stored;
    if (!isUnchanged && !(isVisible && isSameUser(currentHolder))) return stored;
    const continuedLogin = isSameUser(currentHolder) ? currentHolder?.login : undefined;
    const isSilent = !isVisible && (!continuedLogin || stored?.isSilent);
    // Work in progress of a login that continues remains valid.
    ownGeneration = continuedLogin ? store.getGeneration() : store.advanceGeneration();
    // The tokens for other resource servers stay: they are independent of the one that was refreshed.
    const isAdditional = resource !== context.resources[0];
    const refreshedTokens = !isVisible &&
      continuedLogin &&
      stored && {
        ...applyRefresh(stored, tokenResponse, seconds(context.now), { resource }),
        ...(!isAdditional && { scopes: tokenResponse.scopes }),
      };
    const set = refreshedTokens || tokens;
    next = {
      ...set,
      accessTokens: markReplacement(set.accessTokens, tokenRequest),
      login: continuedLogin || createRandomToken(),
      loginStartedAt: (continuedLogin && stored?.loginStartedAt) || startedAt,
      ...(isSilent && { isSilent }),
    };
    return next;
  });
  const isCurrent = generation === store.getGeneration();
  if (next && ownGeneration === store.getGeneration()) store.publishTokens(next);
  // The same user has logged in in another tab meanwhile: that login is used.
  else if (current && isCurrent && isSameUser(findHolder(current))) store.publishTokens(current);
  else {
    // Another tab may have logged out before the tokens were stored.
    if (next) await store.deleteEndedLogin();
    // After a logout, tokens that were issued meanwhile are revoked (RFC 7009 section 2.1).
    if (next || !current) await revokeTokens(context, tokens);
    throw createLoginEndedError();
  }
  context.emitEvent({ type: 'login.succeeded', issuer: iss, clientId: context.clientId, sub });
  if (isVisible) recordConsent(context, transaction, { hasRefreshToken: tokens.refreshToken !== undefined });
  return { sub };
}
