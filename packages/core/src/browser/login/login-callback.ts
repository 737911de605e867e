import { parseUrl } from '../../internal/parse-url.ts';
import { readRedirectResponse } from '../../protocol/login/redirect-uri.ts';
import type { BrowserContext } from '../options.ts';
import { reportLoginFailure } from '../report-failure.ts';
import type { LoginStore } from '../state/login-store.ts';
import type { TabMessage } from '../state/tabs/tab-channel.ts';
import type { BrowserTransaction } from './browser-transaction.ts';
import { completeLogin } from './complete-login.ts';
import { recordRejection } from './consent-memory.ts';
import { takeTransaction } from './transaction-storage.ts';
import { deleteWantedPage, saveWantedPage } from './wanted-page.ts';

/** The callbacks of visible logins in one page. */
export interface LoginCallback {
  /**
   * Completes a login with the URL of its callback.
   *
   * @param startedAt milliseconds since the epoch. A logout since this time ends the login.
   */
  complete(url: string, startedAt: number): Promise<{ readonly returnTo: string }>;
  /** Checks that a login of this tab is being completed. */
  isPending(): boolean;
  /** Returns the error of the last login response, until a login succeeds. */
  findError(): unknown;
}

/** @param send sends a message to the other tabs */
export function createLoginCallback(
  context: BrowserContext,
  store: LoginStore,
  { send }: { readonly send: (message: TabMessage) => void },
): LoginCallback {
  const { options } = context;
  let lastError: unknown;
  let pendingCount = 0;

  async function complete(url: string, startedAt: number): Promise<{ returnTo: string }> {
    const generation = store.getGeneration();
    pendingCount++;
    const parameters =
      readRedirectResponse(url, options.redirectUri) ?? new URLSearchParams(parseUrl(url)?.search);
    const transaction = takeTransaction(context, parameters.get('state'));
    try {
      const attempt = { generation, startedAt, previousTokens: await store.read(), isVisible: true };
      const { sub } = await completeLogin(context, store, { parameters, transaction, ...attempt });
      send({ type: 'login', sub, startedAt });
      lastError = undefined;
      deleteWantedPage(context);
      return { returnTo: (transaction as BrowserTransaction).returnTo };
    } catch (error) {
      lastError = error;
      saveWantedPage(context, transaction?.returnTo);
      if (transaction) recordRejection(context, transaction, error);
      reportLoginFailure(context, error);
      throw error;
    } finally {
      pendingCount--;
    }
  }

  return { complete, isPending: () => pendingCount > 0, findError: () => lastError };
}

/**
 * Removes a login response from the address bar. Called first, so that the code is not in the history or in a Referer
 * header.
 */
export function removeLoginResponse(href: string, redirectUri: string): void {
  const page = new URL(href);
  page.search = new URL(redirectUri).search;
  page.hash = '';
  try {
    history.replaceState(history.state, '', page.href);
  } catch {
    // Some frames may not change their address.
  }
}
