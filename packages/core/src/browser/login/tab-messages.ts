import type { BrowserContext } from '../options.ts';
import type { LoginStore } from '../state/login-store.ts';
import type { TabMessage } from '../state/tabs/tab-channel.ts';
import type { TokenStorage } from '../state/token-storage.ts';
import { discardEndedLogin, revokeTokens } from './logout.ts';
import type { RestoreLogin } from './restore-login.ts';

/** The parts of the client that a message of another tab concerns. */
export interface TabMessageOptions {
  readonly storage: TokenStorage;
  readonly restore: RestoreLogin;
  /** Checks that a login of this tab is being completed. */
  readonly isLoginPending: () => boolean;
  /** Checks that this tab has already found the logout of this time by its record. */
  readonly isLogoutFound: (time: number) => boolean;
}

/** Creates the function that updates the login of this page after a message of another tab. */
export function createTabMessageHandler(
  context: BrowserContext,
  store: LoginStore,
  { storage, restore, isLoginPending, isLogoutFound }: TabMessageOptions,
): (message: TabMessage) => Promise<void> {
  async function restoreUnlessSignedIn(startedAt: number): Promise<void> {
    const isPossible = !isLoginPending() && !store.isLoggedOutSince(startedAt);
    if (isPossible && store.snapshot().status !== 'signed-in') await restore({ startedAt });
  }

  return async (message) => {
    const { status, claims } = store.snapshot();
    // A login that began before a logout ends when its tab receives the message of the logout.
    if (message.type === 'login' && store.isLoggedOutSince(message.startedAt)) return;
    if (storage.reach === 'shared') {
      // The other tab has changed the shared tokens. Operations of this tab compare their tokens with them.
      if (message.type === 'logout') {
        store.recordLogout(message.time);
        // A login of this tab may have stored its tokens after the logout.
        await discardEndedLogin(context, store);
      }
      await store.synchronize();
    } else if (message.type === 'logout') {
      // A logout that the record in `localStorage` has reported before is not a second one: a login may have begun since.
      if (isLogoutFound(message.time)) return discardEndedLogin(context, store);
      store.recordLogout(message.time);
      // This tab has its own refresh token, which the other tab could not revoke.
      const tokens = await store.clear();
      if (tokens) await revokeTokens(context, tokens);
    } else if (message.type === 'login' && status === 'signed-in') {
      if (claims?.sub === message.sub) return;
      // The tokens of another user are deleted.
      const isCleared = store.clear();
      const startedAt = store.readClock();
      await isCleared;
      await restoreUnlessSignedIn(startedAt);
    } else if (message.type === 'login' && !isLoginPending()) {
      // Otherwise a login of this tab is being completed.
      store.advanceGeneration();
      await restoreUnlessSignedIn(store.readClock());
    }
  };
}
