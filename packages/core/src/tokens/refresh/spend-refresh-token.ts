import {
  AuthorizationServerError,
  ConfigurationError,
  LoginRequiredError,
  TransportError,
} from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { isOtherUserError } from '../../protocol/login/same-login.ts';
import { toLoginRequiredError } from '../../protocol/tokens/refresh-rejection.ts';
import type { GetAccessTokenResult, NewestTokens } from '../access-token-source.ts';
import type { RateLimit } from '../rate-limit.ts';
import type { HeldLock } from '../stores/acquire-lock.ts';
import { repeatWriteFor, retryWrite } from '../stores/retry-write.ts';
import { storeTimeout } from '../stores/store-call.ts';
import type { TokenHolder } from '../token-holder.ts';
import {
  applyRefresh,
  findAccessToken,
  isNewerTokenSet,
  replaceRefreshToken,
  type StoredAccessToken,
  type TokenSet,
  toAccessToken,
} from '../token-set.ts';
import { markReplacement, type WantedAccessToken } from '../usable-token.ts';
import type { FurtherTokenLimit } from './further-tokens.ts';
import type { RefreshClient } from './refresh-client.ts';
import type { TokenSuccessors } from './token-successors.ts';

/** The parts of the coordinator that a refresh needs. */
interface RefreshContext {
  readonly client: RefreshClient;
  readonly successors: TokenSuccessors;
  readonly rateLimit: RateLimit;
  readonly furtherTokens: FurtherTokenLimit;
  readonly readNewestTokens: (holder: TokenHolder) => Promise<NewestTokens>;
}

/** One refresh, by the request that holds the lock of the refresh token. */
export interface RefreshTask {
  readonly holder: TokenHolder;
  readonly tokenRequest: WantedAccessToken;
  readonly refreshToken: string;
  /** The key of the refresh token. */
  readonly key: string;
  readonly lock: HeldLock;
  /** True if a background write releases the lock. */
  isLockHandedOver: boolean;
  /** The refresh token of a response whose access token was rejected. It was written to the holder. */
  keptRefreshToken?: string;
}

/**
 * Sends the refresh token and writes the next tokens to the holder.
 *
 * @returns `undefined` if the session has other tokens by now: the caller reads them again
 */
export async function spendRefreshToken(
  context: RefreshContext,
  task: RefreshTask,
  tokens: TokenSet,
): Promise<GetAccessTokenResult | undefined> {
  const { key, tokenRequest } = task;
  task.holder.requireWritable?.(tokenRequest);
  context.furtherTokens.take(key, tokens, { tokenRequest, time: seconds(context.client.now) });
  const next = await sendRefreshRequest(context, task, tokens);
  return next && writeTokens(context, task, { next, previous: tokens });
}

/** The only call of the token endpoint. */
async function sendRefreshRequest(
  context: RefreshContext,
  task: RefreshTask,
  tokens: TokenSet,
): Promise<TokenSet | undefined> {
  const { client, rateLimit } = context;
  const { tokenRequest, refreshToken, key } = task;
  let receivedToken: string | undefined;
  try {
    const response = await client.refresh(refreshToken, {
      resource: tokenRequest.resource,
      scope: tokenRequest.scope,
      claims: tokens.claims,
      grantedScopes: tokens.scopes,
      onRefreshToken: (receivedTokens) => {
        receivedToken = receivedTokens;
      },
    });
    const time = seconds(client.now);
    const refreshedTokens = applyRefresh(tokens, response, time, tokenRequest);
    const next = {
      ...refreshedTokens,
      accessTokens: markReplacement(refreshedTokens.accessTokens, tokenRequest),
    };
    return context.furtherTokens.count(next, { previous: tokens, tokenRequest, time });
  } catch (error) {
    if (error instanceof TransportError && isPauseOfProvider(error))
      await rateLimit.pause(key, refreshToken, error);
    if (isOtherUserError(error)) return endLogin(context, task, { tokens, reason: 'other_user' });
    const rejection = error instanceof AuthorizationServerError ? toLoginRequiredError(error) : error;
    if (rejection instanceof LoginRequiredError && rejection.code === 'session_ended') {
      return endLogin(context, task, { tokens, reason: 'invalid_grant', error: rejection });
    }
    if (receivedToken !== undefined && receivedToken !== refreshToken)
      await keepRefreshToken(context, task, { tokens, receivedToken });
    throw rejection;
  }
}

/** A failure without a status, for example of the network, has `retryAfter` of this process only. */
const isPauseOfProvider = ({ code, status, retryAfter }: TransportError): boolean =>
  code === 'rate_limited' || (status !== undefined && retryAfter !== undefined);

/** Writes the refresh token of a response whose access token was rejected. The next request refreshes with it. */
async function keepRefreshToken(
  context: RefreshContext,
  task: RefreshTask,
  { tokens, receivedToken }: { readonly tokens: TokenSet; readonly receivedToken: string },
): Promise<void> {
  const next = replaceRefreshToken(tokens, receivedToken, seconds(context.client.now));
  // The response to the failed request may not set the cookie.
  await storeTokens(context, task, { next, previous: tokens }, { isUnwritten: true });
  task.keptRefreshToken = receivedToken;
}

/** The reason for which a login ends, and the error of the callers. */
interface LoginEnd {
  readonly tokens: TokenSet;
  readonly reason: 'invalid_grant' | 'other_user';
  readonly error?: LoginRequiredError;
}

/** Ends the session, unless another request has sent the refresh token in the meantime and stored its successor. */
async function endLogin(
  { client, readNewestTokens }: RefreshContext,
  { holder, refreshToken }: RefreshTask,
  { tokens, reason, error }: LoginEnd,
): Promise<undefined> {
  const newestTokens = await readNewestTokens(holder);
  if (newestTokens.tokens.refreshToken !== refreshToken) return undefined;
  await holder.end(tokens);
  client.emitEvent({ type: 'session.ended', issuer: client.issuer, reason });
  throw (
    error ??
    new LoginRequiredError(
      'session_ended',
      'The refresh response contains an ID token of another user. Log in again.',
    )
  );
}

/** A successful refresh, with the response of the provider. */
interface TokenChange {
  readonly next: TokenSet;
  readonly previous: TokenSet;
}

/** Writes the next tokens, and returns the new access token. */
async function writeTokens(
  context: RefreshContext,
  task: RefreshTask,
  change: TokenChange,
): Promise<GetAccessTokenResult | undefined> {
  const { next } = change;
  const accessToken = toAccessToken(findAccessToken(next, task.tokenRequest) as StoredAccessToken);
  const storeResult = await storeTokens(context, task, change);
  return storeResult && { accessToken, tokens: next, changed: true, ...storeResult };
}

/**
 * Writes the next tokens, and stores them as the successor of the refresh token for other requests.
 *
 * @param options `isUnwritten`: the holder may not receive what is written
 * @returns `undefined` if the session has newer tokens, or another login has replaced it
 * @throws LoginRequiredError `session_ended` if the session has ended
 */
async function storeTokens(
  { client, successors }: RefreshContext,
  task: RefreshTask,
  change: TokenChange,
  options: { readonly isUnwritten: boolean } = { isUnwritten: false },
): Promise<{ readonly sealedSession?: string } | undefined> {
  const { holder, refreshToken } = task;
  const { next } = change;
  const outcome = await tryWrite(holder, change).catch(async (error: unknown) => {
    // Another attempt would not help. The next request finds the tokens, and can make room for them.
    await successors.save(refreshToken, { tokens: next }, { isUnwritten: true });
    throw error;
  });
  if (outcome === 'session-ended') return rejectLateTokens(client, next);
  if (outcome === 'other-tokens') {
    await successors.save(refreshToken, { tokens: next });
    return undefined;
  }
  if (outcome === 'unavailable') {
    // The refresh token is spent, and only this process has its successor. The lock is held until it is written.
    client.emitEvent({ type: 'store.unavailable', port: 'session' });
    await successors.save(refreshToken, { tokens: next }, { isUnwritten: true });
    task.isLockHandedOver = true;
    task.lock.extend(repeatWriteFor + storeTimeout);
    retryWrite({
      async run() {
        const repeatedOutcome = await tryWrite(holder, change);
        if (repeatedOutcome === 'unavailable') return false;
        // A late write does not restore a session that has ended.
        if (repeatedOutcome === 'session-ended') await revokeLateTokens(client, next);
        else if (repeatedOutcome !== 'other-tokens')
          await successors.save(refreshToken, { tokens: next, ...repeatedOutcome });
        return true;
      },
      onFinished: () => task.lock.release(),
    });
    return {};
  }
  await successors.save(refreshToken, { tokens: next, ...outcome }, options);
  // A logout revokes the newest successor that it finds. A logout before this successor was stored is found here.
  if (await hasEnded(holder)) return rejectLateTokens(client, next);
  return outcome;
}

/** False if the storage is unavailable: the tokens that were received are used. */
async function hasEnded(holder: TokenHolder): Promise<boolean> {
  try {
    return (await holder.read()) === undefined;
  } catch {
    return false;
  }
}

async function rejectLateTokens(client: RefreshClient, tokens: TokenSet): Promise<never> {
  await revokeLateTokens(client, tokens);
  throw new LoginRequiredError('session_ended', 'The session ended during the refresh. Log in again.');
}

/** The logout could not revoke tokens that the provider had not returned yet. */
async function revokeLateTokens(client: RefreshClient, { refreshToken }: TokenSet): Promise<void> {
  if (refreshToken !== undefined) await client.revoke(refreshToken);
}

/** @throws ConfigurationError if the holder cannot store these tokens, for example because they are too large */
async function tryWrite(
  holder: TokenHolder,
  { next, previous }: TokenChange,
): Promise<{ readonly sealedSession?: string } | 'session-ended' | 'other-tokens' | 'unavailable'> {
  try {
    const writeResult = await holder.write(next, previous);
    if (writeResult !== false) return writeResult;
    // The session has ended, it has newer tokens or those of another login, or the reason is temporary: lost races, for example.
    const current = await holder.read();
    if (!current) return 'session-ended';
    const hasPrevious = current.refreshToken === previous.refreshToken && isNewerTokenSet(next, current);
    return hasPrevious ? 'unavailable' : 'other-tokens';
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    return 'unavailable';
  }
}
