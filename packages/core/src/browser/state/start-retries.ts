import { AuthError } from '../../errors.ts';
import type { BrowserAuthSnapshot } from '../browser-auth-types.ts';
import { listen } from './listen.ts';

/** Milliseconds between two attempts that the application's calls cause: the first, and the longest. */
const [firstPause, longestPause] = [1_000, 60_000];

/** Tries to find the login again, after an attempt failed at the start. */
export interface StartRetries {
  /** Tries again if the state is unknown, unless the last attempt was a moment ago. */
  retry(): Promise<void>;
  stop(): void;
}

/**
 * Checks that an attempt failed, and a later one can succeed. A proxy may respond in place of the provider, and the provider
 * may have a wrong configuration for a moment. Only a feature that the browser does not have is missing until a reload.
 */
export const isStateUnknown = ({ status, error }: BrowserAuthSnapshot): boolean =>
  status === 'error' && !(error instanceof AuthError && error.code === 'unsupported_by_browser');

/**
 * Tries again when the network returns, when the user returns to the page, and when the application needs the state.
 *
 * @param attempt never rejects
 */
export function createStartRetries(
  snapshot: () => BrowserAuthSnapshot,
  attempt: () => Promise<void>,
): StartRetries {
  let current: Promise<void> | undefined;
  let pause = firstPause;
  let nextAt = performance.now() + pause;

  function run(): Promise<void> {
    if (!isStateUnknown(snapshot())) return Promise.resolve();
    current ??= attempt().finally(() => {
      current = undefined;
      pause = isStateUnknown(snapshot()) ? Math.min(pause * 2, longestPause) : firstPause;
      nextAt = performance.now() + pause;
    });
    return current;
  }

  return {
    retry: async () => (current || performance.now() >= nextAt ? run() : undefined),
    stop: listen(['online', 'focus'], () => void run()),
  };
}
