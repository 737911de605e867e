import type { BrowserContext } from '../options.ts';
import { reportIncompleteLogout } from '../report-failure.ts';
import { listen } from '../state/listen.ts';
import type { LoginStore } from '../state/login-store.ts';
import { discardEndedLogin } from './logout.ts';

/** The page is shown again, or `storage`: another tab has changed the record. */
const events = ['pageshow', 'focus', 'visibilitychange', 'storage'];

/**
 * Finds logouts of other tabs whose message this page has not received: browsers discard messages for a page that is frozen
 * or in the back/forward cache. The user is hidden immediately, then the tokens are deleted and revoked.
 *
 * @param createErrorHandler creates the function that publishes the error of a storage. Called after the logout is recorded
 * @returns `check` for one check, and `watch`, which checks at events. `watch` returns a function that ends it.
 *   `isFound` tells whether a check has found the logout of this time
 */
export function createMissedLogoutCheck(
  context: BrowserContext,
  store: LoginStore,
  createErrorHandler: () => (error: unknown) => void,
): {
  readonly check: () => void;
  readonly watch: () => () => void;
  readonly isFound: (time: number) => boolean;
} {
  let lastFound: number | undefined;

  function check(): void {
    const time = store.findMissedLogout();
    if (time === undefined) return;
    lastFound = time;
    store.recordLogout(time);
    const publishError = createErrorHandler();
    // In a shared storage, there may be a later login.
    discardEndedLogin(context, store)
      .then(store.synchronize)
      .catch((error: unknown) => {
        reportIncompleteLogout(context, 'session', error);
        publishError(error);
      });
  }

  return { check, watch: () => listen(events, check), isFound: (time) => time === lastFound };
}
