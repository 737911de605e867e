import { AuthError, getErrorCode, LoginRequiredError, TransportError } from '../errors.ts';
import { seconds } from '../internal/clock.ts';
import { readRedirectResponse } from '../protocol/redirect-uri.ts';
import { findOrigin } from '../protocol/secure-url.ts';
import { createRejectedRefreshes } from '../tokens/rejected-refreshes.ts';
import { type AccessToken, findAccessToken, type TokenSet } from '../tokens/token-set.ts';
import type {
  BrowserAccessToken,
  BrowserAuth,
  BrowserAuthStart,
  GetAccessTokenOptions,
  LoginOptions,
  LogoutOptions,
} from './browser-auth-types.ts';
import { createAuthorizationRequest } from './login/authorization-request.ts';
import type { BrowserTransaction } from './login/browser-transaction.ts';
import { completeLogin } from './login/complete-login.ts';
import { findLogoutPage, revokeTokens } from './login/logout.ts';
import { frameName } from './login/silent-frame.ts';
import { createSilentLogin } from './login/silent-login.ts';
import { saveTransaction, takeTransaction } from './login/transaction-storage.ts';
import { deleteWantedPage, findReturnTo, saveWantedPage } from './login/wanted-page.ts';
import { type BrowserAuthOptions, resolveOptions } from './options.ts';
import { createAvailableStorage } from './state/available-storage.ts';
import { createFeatureError, storageRemedy } from './state/browser-features.ts';
import {
  createLoginEndedError,
  findHolder,
  isSameHolder,
  type LoginHolder,
  type StoredTokenSet,
} from './state/login-holder.ts';
import { createLoginStore } from './state/login-store.ts';
import { createStartRetries, type StartRetries } from './state/start-retries.ts';
import { openTabChannel, type TabChannel, type TabMessage } from './state/tab-channel.ts';
import { createMemoryStorage } from './state/token-storage.ts';
import { createTokenRefresher } from './token-refresher.ts';
import type { BrowserTokenRequest } from './wanted-token.ts';

/**
 * Creates the client of a single-page application: authorization code flow with PKCE, silent login, and refresh across
 * tabs.
 *
 * @throws ConfigurationError if an option is missing or invalid
 * @see https://www.rfc-editor.org/rfc/rfc9700
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-oauth-browser-based-apps
 * @example
 * ```ts
 * import { createBrowserAuth } from '@countersign/core/browser';
 *
 * const auth = createBrowserAuth({
 *   issuer: 'https://id.example.com',
 *   clientId: 'my-app',
 *   redirectUri: `${location.origin}/callback`,
 *   scope: 'openid offline_access',
 * });
 * await auth.start();
 * if (auth.snapshot().status === 'signed-out') await auth.login();
 * const { accessToken } = await auth.getAccessToken();
 * ```
 */
export function createBrowserAuth(options: BrowserAuthOptions): BrowserAuth {
  const context = resolveOptions(options);
  const { issuer, clientId, prefix, now, emitEvent } = context;
  const storage = createAvailableStorage(options.storage ?? createMemoryStorage(), context.reportMissing);
  const store = createLoginStore(context, storage);
  const { snapshot, publish, publishError, read, getGeneration } = store;
  const silentLogin = createSilentLogin(context, store);
  let started: Promise<BrowserAuthStart> | undefined;
  /** The error of the last login response, until a login succeeds. */
  let callbackError: unknown;
  let tabs: TabChannel | undefined;
  let retries: StartRetries | undefined;
  /** Logins of this tab that are being completed. */
  let pendingCallbacks = 0;

  const leavePage = async (url: string) => (options.navigate ? options.navigate(url) : location.assign(url));

  const refreshAccessToken = createTokenRefresher(context, {
    read,
    async replaceTokens(expected, next) {
      const isReplaced = await store.replaceTokens(expected, next);
      if (isReplaced) tabs?.send({ type: 'refresh' });
      return isReplaced;
    },
    // A message of another tab updates the snapshot.
    waitForChange: store.waitForChange,
  });

  function start(): Promise<BrowserAuthStart> {
    // On a server and in the hidden frame there is no login to find.
    if (typeof window === 'undefined' || window.name === frameName) return new Promise(() => {});
    if (started) return Promise.all([started, retries?.retry()]).then(([result]) => result);
    started = initialize()
      .catch((error) => {
        publishError(error);
        return {};
      })
      .finally(() => {
        retries = createStartRetries(snapshot, () => restore(0).catch(createErrorHandler()));
      });
    return started;
  }

  async function initialize(): Promise<BrowserAuthStart> {
    requireCryptography();
    tabs = openTabChannel(context, handleMessage);
    const { href } = location;
    const isCallback = readRedirectResponse(href, options.redirectUri) !== undefined;
    if (isCallback) removeResponse(href);
    const startedAt = store.readClock();
    let startError: unknown;
    try {
      await storage.open?.(`${prefix}tokens`);
      if (isCallback) return await completeCallback(href, startedAt);
    } catch (error) {
      startError = error;
    }
    // A forged or stale callback does not end the current login. After any logout in this page, there is no silent login.
    await restore(0).catch(createErrorHandler(startedAt));
    if (startError === undefined) return {};
    if (!store.isLoggedOutSince(startedAt)) publish({ ...snapshot(), error: startError as Error });
    return isCallback ? { error: startError as Error } : {};
  }

  /** @throws ConfigurationError `unsupported_by_browser` in an insecure context */
  function requireCryptography(): void {
    if (globalThis.crypto?.subtle) return;
    throw createFeatureError(
      'crypto.subtle',
      `Browsers offer it on https and localhost only, and the page is at ${findOrigin(location)}.`,
    );
  }

  /** Removes the code from the address bar first, so that it is not in the history or in a Referer header. */
  function removeResponse(href: string): void {
    const page = new URL(href);
    page.search = new URL(options.redirectUri).search;
    page.hash = '';
    try {
      history.replaceState(history.state, '', page.href);
    } catch {
      // Some frames may not change their address.
    }
  }

  /** Publishes an error, unless the user has logged out since: the state is then known. */
  const createErrorHandler =
    (startedAt = store.readClock()) =>
    (error: unknown): void => {
      if (!store.isLoggedOutSince(startedAt)) publishError(error);
    };

  /**
   * Restores the stored login, or else tries a silent login of the same user.
   *
   * @param startedAt there is no silent login after a logout since this time, in milliseconds since the epoch
   */
  async function restore(startedAt: number): Promise<void> {
    const generation = getGeneration();
    const isUnchanged = () => generation === getGeneration();
    const tokens = await read();
    let isRestored = true;
    try {
      if (isUnchanged()) {
        if (tokens && (tokens.refreshToken || hasValidToken(tokens))) return store.publishTokens(tokens);
        isRestored = !store.isLoggedOutSince(startedAt) && (await silentLogin(findHolder(tokens)));
      }
    } catch (error) {
      if (isUnchanged()) throw error;
    }
    // A login or a logout happened meanwhile. The snapshot shows it, unless the status is still unknown.
    if (!isUnchanged()) return snapshot().status === 'loading' ? restore(startedAt) : undefined;
    if (!isRestored) await endLogin(tokens);
  }

  async function endLogin(tokens: StoredTokenSet | undefined, error?: Error): Promise<void> {
    await store.deleteTokens(tokens, error);
    tabs?.send({ type: 'end' });
  }

  const hasValidToken = ({ accessTokens }: TokenSet) =>
    accessTokens.some(({ expiresAt }) => expiresAt === undefined || expiresAt > seconds(now));

  async function login({ returnTo, ...request }: LoginOptions = {}): Promise<void> {
    const startedAt = store.readClock();
    try {
      requireCryptography();
      const { url, transaction } = await createAuthorizationRequest(context, {
        ...request,
        redirectUri: options.redirectUri,
        // In a native shell, the page that shows a failure is not the redirect URI.
        returnTo: findReturnTo(
          context,
          returnTo,
          !!options.navigate && callbackError !== undefined && snapshot().error === callbackError,
        ),
      });
      // The user has logged out: a login would sign in again, without a password if the provider has a session.
      if (store.isLoggedOutSince(startedAt)) throw createLoginEndedError();
      if (!saveTransaction(context, transaction) && !options.navigate)
        throw createFeatureError('sessionStorage', storageRemedy);
      emitEvent({ type: 'login.started', issuer, clientId });
      await leavePage(url.href);
    } catch (error) {
      if (!store.isLoggedOutSince(startedAt)) publish({ ...snapshot(), error: error as Error });
      throw error;
    }
  }

  const handleCallback = (url: string) => {
    const startedAt = store.readClock();
    return completeCallback(url, startedAt).catch((error) => {
      createErrorHandler(startedAt)(error);
      throw error;
    });
  };

  async function completeCallback(url: string, startedAt: number): Promise<{ returnTo: string }> {
    const generation = getGeneration();
    pendingCallbacks++;
    const parameters =
      readRedirectResponse(url, options.redirectUri) ?? new URLSearchParams(URL.parse(url)?.search);
    const transaction = takeTransaction(context, parameters.get('state'));
    try {
      const attempt = { generation, startedAt, previousTokens: await read(), isVisible: true };
      const { sub } = await completeLogin(context, store, { parameters, transaction, ...attempt });
      tabs?.send({ type: 'login', sub, startedAt });
      callbackError = undefined;
      deleteWantedPage(context);
      return { returnTo: (transaction as BrowserTransaction).returnTo };
    } catch (error) {
      callbackError = error;
      saveWantedPage(context, transaction?.returnTo);
      const code = error instanceof AuthError ? error.code : 'unknown';
      emitEvent({ type: 'login.failed', issuer, clientId, code });
      throw error;
    } finally {
      pendingCallbacks--;
    }
  }

  async function getAccessToken(request: GetAccessTokenOptions = {}): Promise<BrowserAccessToken> {
    // Before the first await: a request belongs to the user of the snapshot at its beginning.
    const { status, holder: currentHolder = null } = snapshot();
    const isUnknown = status === 'loading' || status === 'error';
    const { holder: expectedHolder = isUnknown ? undefined : currentHolder } = request;
    await start();
    const { holder, error } = snapshot();
    if (expectedHolder && !isSameHolder(expectedHolder, holder)) throw createLoginEndedError();
    if (expectedHolder === null || !holder) {
      await store.synchronize();
      // It is not known whether a user is signed in.
      if (snapshot().status === 'error' && error instanceof TransportError) throw error;
      throw new LoginRequiredError(
        'not_signed_in',
        'No user was signed in when the request began. Call login() first.',
      );
    }
    const { scope, resource = context.resources[0], forceRefresh: isForced = false } = request;
    const tokens = isForced ? await read() : undefined;
    const rejectedToken = tokens
      ? findAccessToken(tokens, { scope, resource })?.accessToken
      : request.rejectedToken;
    const token = await renew({ resource, scope, rejectedToken, holder, ...(isForced && { isForced }) });
    requireCurrent(holder);
    return { ...token, holder };
  }

  /** Failures of silent logins: during a pause, all callers receive the same error, and no frame is opened. */
  const silentFailures = createRejectedRefreshes(now);
  /** The callers that shared a silent login add its failure once: each addition prolongs the pause. */
  const addSilentFailure = (key: string, error: Error) => {
    if (!silentFailures.find(key)) silentFailures.add(key, error);
  };

  async function renew(wanted: BrowserTokenRequest): Promise<AccessToken> {
    const { holder, resource, scope } = wanted;
    try {
      return await refreshAccessToken(wanted);
    } catch (error) {
      const { code } = error as AuthError;
      // A tab was suspended during its refresh. The refresh token may be spent, and its replay would end the login
      // (RFC 9700 section 4.14.2). A silent login of the same user does not need it.
      const isTabSuspended = code === 'lock_timeout';
      if (!isTabSuspended && !(error instanceof LoginRequiredError)) throw error;
      // A visible login has to follow.
      if (code === 'interaction_required') throw error;
      const tokens = await read();
      // After a logout or a login of another user there is no token to renew.
      if (!tokens || !isSameHolder(holder, findHolder(tokens))) {
        await store.synchronize();
        throw isTabSuspended ? createLoginEndedError() : error;
      }
      const isValid = hasValidToken(tokens);
      const key = JSON.stringify([holder, tokens.idToken, resource, scope, isValid]);
      const knownFailure = silentFailures.find(key);
      if (knownFailure) throw knownFailure;
      try {
        // There is no valid refresh token, but the user may have a session at the provider.
        const silent = silentLogin(holder, wanted);
        if (await (isTabSuspended ? silent.catch(() => false) : silent))
          return await refreshAccessToken(wanted);
      } catch (silentError) {
        addSilentFailure(key, silentError as Error);
        throw silentError;
      }
      addSilentFailure(key, error as Error);
      // A rejection without a reason does not end the login. A missing token for one resource server neither, if there is
      // another valid token.
      const isLoginOver = !isTabSuspended && code !== 'refresh_rejected' && !isValid;
      if (isLoginOver) await endLogin(tokens, error as Error);
      throw error;
    }
  }

  /** @throws LoginRequiredError if the page has another login or none */
  function requireCurrent(holder: LoginHolder): void {
    if (!isSameHolder(holder, snapshot().holder)) throw createLoginEndedError();
  }

  async function authorize(request: { method: string; url: string }, token: BrowserAccessToken) {
    const { accessToken, tokenType, holder } = token;
    const proof = await (await context.dpop())?.createProof(request.method, request.url, accessToken);
    if (holder) requireCurrent(holder);
    return { authorization: `${tokenType} ${accessToken}`, ...(proof && { dpop: proof }) };
  }

  async function logout({ postLogoutRedirectUri, localOnly }: LogoutOptions = {}): Promise<void> {
    const time = store.recordLogout();
    let tokens: StoredTokenSet | undefined;
    let failure: { readonly error: unknown } | undefined;
    try {
      tokens = await store.clear(time);
    } catch (error) {
      failure = { error };
      tokens = await store.readStored().catch(() => undefined);
    }
    tabs?.send({ type: 'logout', time });
    if (tokens) await revokeTokens(context, tokens);
    // The tokens are still stored. The caller can repeat the logout.
    if (failure) {
      const code = getErrorCode(failure.error);
      emitEvent({ type: 'logout.incomplete', issuer, clientId, part: 'session', code });
      throw failure.error;
    }
    emitEvent({ type: 'session.ended', issuer, reason: 'logout' });
    if (localOnly) return;
    let page: string | undefined;
    try {
      page = await findLogoutPage(context, tokens, postLogoutRedirectUri ?? options.postLogoutRedirectUri);
    } catch (error) {
      // The user is signed out here, and must know that the session at the provider remains.
      const code = getErrorCode(error);
      emitEvent({ type: 'logout.incomplete', issuer, clientId, part: 'provider', code });
      if (snapshot().status === 'signed-out') publish({ ...snapshot(), error: error as Error });
    }
    if (page !== undefined) await leavePage(page);
  }

  function handleMessage(message: TabMessage): void {
    updateFromTab(message).catch(createErrorHandler());
  }

  async function updateFromTab(message: TabMessage): Promise<void> {
    const { status, claims } = snapshot();
    // A login that began before a logout ends when its tab receives the message of the logout.
    if (message.type === 'login' && store.isLoggedOutSince(message.startedAt)) return;
    if (storage.reach === 'shared') {
      // The other tab has changed the shared tokens. Operations of this tab compare their tokens with them.
      if (message.type === 'logout') {
        store.recordLogout(message.time);
        // A login of this tab may have stored its tokens after the logout.
        const tokens = await store.deleteEndedLogin();
        if (tokens) await revokeTokens(context, tokens);
      }
      await store.synchronize();
    } else if (message.type === 'logout') {
      await store.clear();
    } else if (message.type === 'login' && status === 'signed-in') {
      if (claims?.sub === message.sub) return;
      // The tokens of another user are deleted.
      const isCleared = store.clear();
      const startedAt = store.readClock();
      await isCleared;
      await restoreUnlessSignedIn(startedAt);
    } else if (message.type === 'login' && pendingCallbacks === 0) {
      // Otherwise a login of this tab is being completed.
      store.advanceGeneration();
      await restoreUnlessSignedIn(store.readClock());
    }
  }

  const restoreUnlessSignedIn = async (startedAt: number) => {
    const isPossible = pendingCallbacks === 0 && !store.isLoggedOutSince(startedAt);
    if (isPossible && snapshot().status !== 'signed-in') await restore(startedAt);
  };

  return {
    snapshot,
    subscribe: store.subscribe,
    start,
    login,
    handleCallback,
    getAccessToken,
    authorize,
    rememberNonce: async (url, headers) => (await context.dpop())?.saveNonce(url, headers) ?? false,
    logout,
    stop() {
      tabs?.close();
      tabs = undefined;
      retries?.stop();
    },
  };
}
