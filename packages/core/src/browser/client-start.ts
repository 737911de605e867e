import { readRedirectResponse } from '../protocol/login/redirect-uri.ts';
import type { BrowserAuthStart } from './browser-auth-types.ts';
import { type LoginCallback, removeLoginResponse } from './login/login-callback.ts';
import { discardEndedLogin } from './login/logout.ts';
import { removeLogoutState } from './login/logout-return.ts';
import { deletePageReplacement } from './login/page-replacement.ts';
import type { RestoreLogin, RestoreTimes } from './login/restore-login.ts';
import { isSilentFrame } from './login/silent/silent-frame.ts';
import { deletePendingLogin, isLoginPending } from './login/transaction-storage.ts';
import { deleteWantedPage, findWantedPage } from './login/wanted-page.ts';
import type { BrowserContext } from './options.ts';
import { reportLoginFailure } from './report-failure.ts';
import { requireCryptography } from './state/browser-features.ts';
import type { LoginStore } from './state/login-store.ts';
import { createStartRetries, type StartRetries } from './state/start-retries.ts';
import type { TokenStorage } from './state/token-storage.ts';

/** The operations with which a client starts. */
export interface ClientStartOptions {
  readonly storage: TokenStorage;
  readonly callback: LoginCallback;
  readonly restore: RestoreLogin;
  /** Opens the channel to the other tabs. */
  readonly openTabs: () => void;
}

/** The start of the client of one page. */
export interface ClientStart {
  /** Never rejects: errors are in the snapshot. Further calls return the same result, unless the login is restored later. */
  start(): Promise<BrowserAuthStart>;
  stop(): void;
}

/** Completes a login on the callback page, restores a stored login, or tries a silent login. */
export function createClientStart(
  context: BrowserContext,
  store: LoginStore,
  { storage, callback, restore, openTabs }: ClientStartOptions,
): ClientStart {
  const { options, prefix } = context;
  const { snapshot, publish, publishError } = store;
  let startResult: Promise<BrowserAuthStart> | undefined;
  let retries: StartRetries | undefined;
  /** The page that the login of a failed callback wanted. */
  let wantedPage = '/';

  function start(): Promise<BrowserAuthStart> {
    // On a server and in the hidden frame there is no login to find.
    if (typeof window === 'undefined' || isSilentFrame()) return new Promise(() => {});
    if (startResult) return Promise.all([startResult, retries?.retry()]).then(([result]) => update(result));
    startResult = initialize()
      .catch((error) => {
        reportLoginFailure(context, error);
        publishError(error);
        return {};
      })
      .finally(() => {
        retries = createStartRetries(snapshot, retryStart);
      });
    return startResult;
  }

  async function initialize(): Promise<BrowserAuthStart> {
    requireCryptography();
    openTabs();
    store.loadLogoutTime();
    removeLogoutState(context);
    const { href } = location;
    const isCallback = isLoginResponse(context, href);
    if (isCallback) removeLoginResponse(href, options.redirectUri);
    else deletePendingLogin(context);
    const startedAt = store.readClock();
    let startError: unknown;
    try {
      await openStorage();
      if (isCallback) return await callback.complete(href, startedAt);
    } catch (error) {
      startError = error;
      wantedPage = findWantedPage(context);
    }
    // A forged or stale callback does not end the current login. After any logout in this page, there is no silent login.
    await restoreLogin({ startedAt, noLogoutSince: 0 });
    if (startError === undefined) return {};
    if (!store.isLoggedOutSince(startedAt)) publish({ ...snapshot(), error: startError as Error });
    return isCallback ? { error: startError as Error } : {};
  }

  async function openStorage(): Promise<void> {
    try {
      await storage.open?.(`${prefix}tokens`);
      // Tokens in a shared storage are deleted by the other tab.
      if (storage.reach === 'tab') await discardEndedLogin(context, store);
    } catch (error) {
      reportLoginFailure(context, error);
      throw error;
    }
  }

  async function restoreLogin(times: RestoreTimes): Promise<void> {
    await restore(times).catch(createErrorHandler(store, times.startedAt));
    if (snapshot().status === 'signed-in') deletePageReplacement(context);
  }

  async function retryStart(): Promise<void> {
    const startedAt = store.readClock();
    await restoreLogin({ startedAt, noLogoutSince: 0 });
    const { error } = (await startResult) ?? {};
    const { status, error: currentError } = snapshot();
    if (store.isLoggedOutSince(startedAt)) return;
    // The page still shows the login that failed.
    if (error && status === 'signed-out' && !currentError) publish({ ...snapshot(), error });
  }

  /** After a callback that failed, the user may be signed in later. The page that the login wanted can then be shown. */
  function update(result: BrowserAuthStart): BrowserAuthStart {
    const { status, error } = snapshot();
    if (!result.error || error || status !== 'signed-in') return result;
    const next = { returnTo: wantedPage };
    deleteWantedPage(context);
    startResult = Promise.resolve(next);
    return next;
  }

  return { start, stop: () => retries?.stop() };
}

/**
 * An error without `state` is a response only if this tab waits for one: some providers omit `state`, and a page of the
 * application can have an "error" of its own (RFC 6749 section 4.1.2.1).
 */
function isLoginResponse(context: BrowserContext, href: string): boolean {
  const response = readRedirectResponse(href, context.options.redirectUri);
  return response !== undefined && (response.has('state') || isLoginPending(context));
}

/** Publishes an error, unless the user has logged out since: the state is then known. */
export const createErrorHandler =
  (store: LoginStore, startedAt = store.readClock()) =>
  (error: unknown): void => {
    if (!store.isLoggedOutSince(startedAt)) store.publishError(error);
  };
