import { ConfigurationError, LoginRequiredError } from '../errors.ts';
import { isDevelopment } from '../internal/development.ts';
import { checkReturnTo } from '../protocol/login/return-to.ts';
import { findOrigin } from '../protocol/secure-url.ts';
import { findAccessToken } from '../tokens/token-set.ts';
import type {
  BrowserAccessToken,
  BrowserAuth,
  GetAccessTokenOptions,
  LoginOptions,
  LogoutOptions,
} from './browser-auth-types.ts';
import { createClientStart, createErrorHandler } from './client-start.ts';
import { createAuthorizationRequest } from './login/authorization-request.ts';
import { createLoginCallback } from './login/login-callback.ts';
import { findLogoutPage, revokeTokens } from './login/logout.ts';
import { createMissedLogoutCheck } from './login/missed-logout.ts';
import { recordPageReplacement } from './login/page-replacement.ts';
import { createRestoreLogin } from './login/restore-login.ts';
import { createSilentLogin } from './login/silent/silent-login.ts';
import { createTabMessageHandler } from './login/tab-messages.ts';
import { saveTransaction } from './login/transaction-storage.ts';
import { findReturnTo } from './login/wanted-page.ts';
import { type BrowserAuthOptions, resolveOptions } from './options.ts';
import { createRefreshOrSilentLogin } from './refresh-or-silent-login.ts';
import { reportIncompleteLogout, reportLoginFailure } from './report-failure.ts';
import { createAvailableStorage } from './state/available-storage.ts';
import { createFeatureError, requireCryptography, storageRemedy } from './state/browser-features.ts';
import { requireTokenRequests } from './state/checked-fetch.ts';
import {
  createLoginEndedError,
  isSameHolder,
  type LoginHolder,
  type StoredTokenSet,
} from './state/login-holder.ts';
import { createLoginStore } from './state/login-store.ts';
import { saveTime } from './state/tab-times.ts';
import { openTabChannel, type TabChannel, type TabMessage } from './state/tabs/tab-channel.ts';
import { createMemoryStorage } from './state/token-storage.ts';
import { createTokenRefresher } from './token-refresher.ts';

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
 *   scope: 'openid profile',
 *   refreshTokens: true,
 * });
 * await auth.start();
 * if (auth.snapshot().status === 'signed-out') await auth.login();
 * const { accessToken } = await auth.getAccessToken();
 * ```
 */
export function createBrowserAuth(options: BrowserAuthOptions): BrowserAuth {
  const context = resolveOptions(options);
  const { issuer, clientId, emitEvent } = context;
  const storage = createAvailableStorage(options.storage ?? createMemoryStorage(), context.reportMissing);
  const store = createLoginStore(context, storage);
  const { snapshot, publish, read } = store;
  let tabs: TabChannel | undefined;
  let stopWatching = () => {};

  const send = (message: TabMessage) => tabs?.send(message);
  const leavePage = async (url: string) => (options.navigate ? options.navigate(url) : location.assign(url));

  const refreshAccessToken = createTokenRefresher(context, {
    read,
    async replaceTokens(expected, next) {
      const isReplaced = await store.replaceTokens(expected, next);
      if (isReplaced) send({ type: 'refresh' });
      return isReplaced;
    },
    // A message of another tab updates the snapshot.
    waitForChange: store.waitForChange,
  });

  const silentLogin = createSilentLogin(context, store, {
    // It may be the login of another user. Tabs that share the tokens then show it.
    onSuccess: () => send({ type: 'refresh' }),
  });
  const restore = createRestoreLogin(context, store, { silentLogin, endLogin });
  const refreshOrLogIn = createRefreshOrSilentLogin(context, store, {
    refreshAccessToken,
    silentLogin,
    endLogin,
  });
  const callback = createLoginCallback(context, store, { send });
  const missedLogouts = createMissedLogoutCheck(context, store, () => createErrorHandler(store));
  const updateFromTab = createTabMessageHandler(context, store, {
    storage,
    restore,
    isLoginPending: callback.isPending,
    isLogoutFound: missedLogouts.isFound,
  });
  const { start, stop } = createClientStart(context, store, {
    storage,
    callback,
    restore,
    openTabs() {
      tabs = openTabChannel(context, handleMessage);
      stopWatching = missedLogouts.watch();
    },
  });

  async function endLogin(tokens: StoredTokenSet | undefined, error?: Error): Promise<void> {
    await store.deleteTokens(tokens, error);
    send({ type: 'end' });
  }

  async function login({ returnTo, display, navigate, ...request }: LoginOptions = {}): Promise<void> {
    const startedAt = store.readClock();
    const callbackError = callback.findError();
    try {
      requireCryptography();
      requireTokenRequests(options.fetch);
      if (display === 'popup' && !navigate) throw createPopupError();
      const { url, transaction } = await createAuthorizationRequest(context, {
        ...request,
        redirectUri: request.redirectUri ?? options.redirectUri,
        // In a native shell, the page that shows a failure is not the redirect URI.
        returnTo: findReturnTo(context, {
          requestedPage: returnTo,
          isFailureShown:
            !!options.navigate && callbackError !== undefined && snapshot().error === callbackError,
        }),
      });
      // The user has logged out: a login would sign in again, without a password if the provider has a session.
      if (store.isLoggedOutSince(startedAt)) throw createLoginEndedError();
      if (!saveTransaction(context, transaction) && !options.navigate && !navigate)
        throw createFeatureError('sessionStorage', storageRemedy);
      emitEvent({ type: 'login.started', issuer, clientId });
      await (navigate ? navigate(url.href, transaction.state) : leavePage(url.href));
    } catch (error) {
      if (!store.isLoggedOutSince(startedAt)) {
        reportLoginFailure(context, error);
        publish({ ...snapshot(), error: error as Error });
      }
      throw error;
    }
  }

  const handleCallback = (url: string) => {
    const startedAt = store.readClock();
    return callback.complete(url, startedAt).catch((error) => {
      // The user remains signed out: the state is known.
      if (snapshot().status === 'signed-out' && !store.isLoggedOutSince(startedAt))
        publish({ ...snapshot(), error });
      else createErrorHandler(store, startedAt)(error);
      throw error;
    });
  };

  async function getAccessToken(request: GetAccessTokenOptions = {}): Promise<BrowserAccessToken> {
    if (tabs) missedLogouts.check();
    // Before the first await: a request belongs to the user of the snapshot at its beginning.
    const { status, holder: currentHolder = null } = snapshot();
    const isUnknown = status === 'loading' || status === 'error';
    const { holder: expectedHolder = isUnknown ? undefined : currentHolder } = request;
    await start();
    const { holder } = snapshot();
    if (expectedHolder && !isSameHolder(expectedHolder, holder)) throw createLoginEndedError();
    if (expectedHolder === null || !holder) {
      await store.synchronize();
      const current = snapshot();
      // A user may be signed in.
      if (current.status === 'error') throw current.error;
      throw new LoginRequiredError(
        'not_signed_in',
        isDevelopment ? 'No user was signed in when the request began. Call login() first.' : '',
      );
    }
    const { scope, resource = context.resources[0], forceRefresh: isForced = false } = request;
    const tokens = isForced ? await read() : undefined;
    const rejectedToken = tokens
      ? findAccessToken(tokens, { scope, resource })?.accessToken
      : request.rejectedToken;
    const token = await refreshOrLogIn({
      resource,
      scope,
      rejectedToken,
      holder,
      ...(isForced && { isForced }),
    });
    requireCurrent(holder);
    return { ...token, holder };
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
    const time = store.startLogout();
    // Begins before the record: another tab that reads the record may delete the shared tokens before this tab does.
    const storedTokens = store.readStored().then(
      (stored) => ((stored?.loginStartedAt ?? 0) <= time ? stored : undefined),
      () => undefined,
    );
    saveTime(context, 'logout', time);
    let tokens: StoredTokenSet | undefined;
    let failure: { readonly error: unknown } | undefined;
    try {
      tokens = (await store.clear(time)) ?? (await storedTokens);
    } catch (error) {
      failure = { error };
      tokens = await store.readStored().catch(() => undefined);
    }
    send({ type: 'logout', time });
    const revocationError = tokens && (await revokeTokens(context, tokens));
    // The tokens are still stored. The caller can repeat the logout.
    if (failure) {
      reportIncompleteLogout(context, 'session', failure.error);
      throw failure.error;
    }
    emitEvent({ type: 'session.ended', issuer, reason: 'logout' });
    if (localOnly) return;
    let page: string | undefined;
    try {
      page = await findLogoutPage(context, tokens, {
        postLogoutRedirectUri: postLogoutRedirectUri ?? options.postLogoutRedirectUri,
        revocationError,
      });
    } catch (error) {
      // The user is signed out here, and must know that the session at the provider remains.
      reportIncompleteLogout(context, 'provider', error);
      if (snapshot().status === 'signed-out') publish({ ...snapshot(), error: error as Error });
    }
    if (page !== undefined) await leavePage(page);
  }

  function replacePage(url: string): boolean {
    const isLoginKept = storage.reach !== 'memory' || options.silentRedirectUri !== undefined;
    const { path } = checkReturnTo(url, {
      origin: findOrigin(location),
      maxLength: Number.POSITIVE_INFINITY,
    });
    if (!isLoginKept || path === undefined || !recordPageReplacement(context)) return false;
    location.replace(path);
    return true;
  }

  function handleMessage(message: TabMessage): void {
    updateFromTab(message).catch(createErrorHandler(store));
  }

  return {
    snapshot,
    subscribe: store.subscribe,
    start,
    login,
    handleCallback,
    replacePage,
    getAccessToken,
    authorize,
    rememberNonce: async (url, headers) => (await context.dpop())?.saveNonce(url, headers) ?? false,
    logout,
    stop() {
      tabs?.close();
      tabs = undefined;
      stopWatching();
      stop();
    },
  };
}

const createPopupError = () =>
  new ConfigurationError(
    'invalid_option',
    isDevelopment
      ? '"display" is "popup", but the client opens no windows. Create it with addPopupLogin(), in Angular with withPopupLogin().'
      : 'display',
  );
