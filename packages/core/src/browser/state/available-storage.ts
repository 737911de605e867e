import { ConfigurationError, TransportError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import { limitTime } from '../../internal/limit-time.ts';
import type { FeatureReporter } from './browser-features.ts';
import { createMemoryStorage, type TokenStorage, updateTokens } from './token-storage.ts';

/** Milliseconds for one read. */
const readTimeout = 20_000;

/**
 * Uses a storage, or memory if the page does not have it: the login then works until the page is closed. An error that may
 * be temporary is thrown, and never counts as a logout.
 */
export function createAvailableStorage(storage: TokenStorage, reportMissing: FeatureReporter): TokenStorage {
  let current = storage;
  const limitRead = async <T>(run: () => T | Promise<T>): Promise<T> =>
    limitTime(
      (async () => run())(),
      readTimeout,
      () =>
        new TransportError(
          'store_unavailable',
          isDevelopment ? 'The storage of the tokens did not respond. Try again.' : '',
        ),
    );
  return {
    get reach() {
      return current.reach;
    },
    async open(key) {
      try {
        await limitRead(() => storage.open?.(key));
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
        reportMissing(
          storage.reach === 'shared' ? 'IndexedDB' : 'sessionStorage',
          isDevelopment
            ? 'The login ends when the page is closed, and other tabs do not share it. Allow cookies and site data for this site.'
            : '',
        );
        current = createMemoryStorage();
      }
    },
    // No promise where the storage returns none: another operation can run at each step that waits.
    get(key) {
      const tokens = current.get(key);
      return tokens instanceof Promise ? limitRead(() => tokens) : tokens;
    },
    set: (key, tokens) => current.set(key, tokens),
    remove: (key) => current.remove(key),
    update: (key, change) => updateTokens(current, key, change),
  };
}
