import { ConfigurationError, getErrorCode, LoginRequiredError, TransportError } from '../errors.ts';
import { isDevelopment } from '../internal/development.ts';
import { readRedirectResponse } from '../protocol/login/redirect-uri.ts';
import { findOrigin } from '../protocol/secure-url.ts';
import { findAccessToken } from '../tokens/token-set.ts';
import type {
  BrowserAccessToken,
  BrowserAuth,
  BrowserAuthStart,
  GetAccessTokenOptions,
  LoginOptions,
  LogoutOptions,
} from './browser-auth-types.ts';
import { createAuthorizationRequest } from './login/authorization-request.ts';
import { createLoginCallback, removeLoginResponse } from './login/login-callback.ts';
import { findLogoutPage, revokeTokens } from './login/logout.ts';
import { createRestoreLogin } from './login/restore-login.ts';
import { frameName } from './login/silent-frame.ts';
import { createSilentLogin } from './login/silent-login.ts';
import { createTabMessageHandler } from './login/tab-messages.ts';
import { saveTransaction } from './login/transaction-storage.ts';
import { findReturnTo } from './login/wanted-page.ts';
import { type BrowserAuthOptions, resolveOptions } from './options.ts';
import { createAvailableStorage } from './state/available-storage.ts';
import { createFeatureError, storageRemedy } from './state/browser-features.ts';
import {
  createLoginEndedError,
  isSameHolder,
  type LoginHolder,
  type StoredTokenSet,
} from './state/login-holder.ts';
import { createLoginStore } from './state/login-store.ts';
import { createStartRetries, type StartRetries } from './state/start-retries.ts';
import { openTabChannel, type TabChannel, type TabMessage } from './state/tab-channel.ts';
import { createMemoryStorage } from './state/token-storage.ts';
import { createTokenRefresher } from './token-refresher.ts';
import { createTokenRenewal } from './token-renewal.ts';

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
  const { issuer, clientId, prefix, emitEvent } = context;
  const storage = createAvailableStorage(options.storage ?? createMemoryStorage(), context.reportMissing);
  const store = createLoginStore(context, storage);
  const { snapshot, publish, publishError, read } = store;
  let started: Promise<BrowserAuthStart> | undefined;
  let tabs: TabChannel | undefined;
  let retries: StartRetries | undefined;

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

  const silentLogin = createSilentLogin(context, store);
  const restore = createRestoreLogin(context, store, { silentLogin, endLogin });
  const renew = createTokenRenewal(context, store, { refreshAccessToken, silentLogin, endLogin });
  const callback = createLoginCallback(context, store, { send });
  const updateFromTab = createTabMessageHandler(context, store, {
    storage,
    restore,
    isLoginPending: callback.isPending,
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
        retries = createStartRetries(snapshot, () =>
          restore({ noLogoutSince: 0 }).catch(createErrorHandler()),
        );
      });
    return started;
  }

  async function initialize(): Promise<BrowserAuthStart> {
    requireCryptography();
    tabs = openTabChannel(context, handleMessage);
    const { href } = location;
    const isCallback = readRedirectResponse(href, options.redirectUri) !== undefined;
    if (isCallback) removeLoginResponse(href, options.redirectUri);
    const startedAt = store.readClock();
    let startError: unknown;
    try {
      await storage.open?.(`${prefix}tokens`);
      if (isCallback) return await callback.complete(href, startedAt);
    } catch (error) {
      startError = error;
    }
    // A forged or stale callback does not end the current login. After any logout in this page, there is no silent login.
    await restore({ startedAt, noLogoutSince: 0 }).catch(createErrorHandler(startedAt));
    if (startError === undefined) return {};
    if (!store.isLoggedOutSince(startedAt)) publish({ ...snapshot(), error: startError as Error });
    return isCallback ? { error: startError as Error } : {};
  }

  /** @throws ConfigurationError `unsupported_by_browser` in an insecure context */
  function requireCryptography(): void {
    if (globalThis.crypto?.subtle) return;
    throw createFeatureError(
      'crypto.subtle',
      isDevelopment
        ? `Browsers offer it on https and localhost only, and the page is at ${findOrigin(location)}.`
        : '',
    );
  }

  /** Publishes an error, unless the user has logged out since: the state is then known. */
  const createErrorHandler =
    (startedAt = store.readClock()) =>
    (error: unknown): void => {
      if (!store.isLoggedOutSince(startedAt)) publishError(error);
    };

  async function endLogin(tokens: StoredTokenSet | undefined, error?: Error): Promise<void> {
    await store.deleteTokens(tokens, error);
    send({ type: 'end' });
  }

  async function login({ returnTo, display, navigate, ...request }: LoginOptions = {}): Promise<void> {
    const startedAt = store.readClock();
    const callbackError = callback.findError();
    try {
      requireCryptography();
      if (display === 'popup' && !navigate) throw createPopupError();
      const { url, transaction } = await createAuthorizationRequest(context, {
        redirectUri: options.redirectUri,
        ...request,
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
      if (!store.isLoggedOutSince(startedAt)) publish({ ...snapshot(), error: error as Error });
      throw error;
    }
  }

  const handleCallback = (url: string) => {
    const startedAt = store.readClock();
    return callback.complete(url, startedAt).catch((error) => {
      createErrorHandler(startedAt)(error);
      throw error;
    });
  };

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
      // The state is unknown: a user may be signed in.
      if (snapshot().status === 'error' && error instanceof TransportError) throw error;
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
    const token = await renew({ resource, scope, rejectedToken, holder, ...(isForced && { isForced }) });
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
    const time = store.recordLogout();
    let tokens: StoredTokenSet | undefined;
    let failure: { readonly error: unknown } | undefined;
    try {
      tokens = await store.clear(time);
    } catch (error) {
      failure = { error };
      tokens = await store.readStored().catch(() => undefined);
    }
    send({ type: 'logout', time });
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

const createPopupError = () =>
  new ConfigurationError(
    'invalid_option',
    isDevelopment
      ? 'display is "popup", but the client opens no windows. Create it with addPopupLogin(), in Angular with withPopupLogin().'
      : 'display',
  );
