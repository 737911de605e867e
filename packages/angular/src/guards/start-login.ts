import type { Router } from '@angular/router';
import { TransportError, ValidationError } from '@countersign/core/browser';
import type { AuthHandle } from '../auth.ts';

/** Milliseconds until the next attempt, if neither the network nor the user gives a reason to try earlier. */
const retryDelays = [5_000, 15_000, 60_000];

/**
 * Leaves the page to log in.
 *
 * If the provider is unavailable during the first navigation, it tries again: when the network returns, when the user
 * returns to the page, and after a pause. Without these attempts, the requested address would be lost.
 *
 * @param isCurrent whether the navigation still waits
 * @returns false if the login could not be started
 */
export async function startLogin(
  auth: AuthHandle,
  router: Router,
  { returnTo, isCurrent }: { readonly returnTo: string | undefined; readonly isCurrent: () => boolean },
): Promise<boolean> {
  for (let attempt = 0; isCurrent(); attempt++) {
    try {
      // The login state may be known by now.
      await auth.whenReady();
      if (!auth.isSignedIn()) await auth.login(returnTo === undefined ? {} : { returnTo });
      return true;
    } catch (error) {
      // The signal `error` contains the reason.
      if (router.navigated || auth.errorRoute() !== undefined) break;
      if (!isOutage(error)) break;
      const delay = retryDelays[Math.min(attempt, retryDelays.length - 1)] ?? 0;
      const retryAfter = error instanceof TransportError ? error.retryAfter : undefined;
      await waitForRetry(Math.max(delay, (retryAfter ?? 0) * 1000));
    }
  }
  return false;
}

/**
 * A proxy may respond in place of the provider: with another status or content type. Other errors, for example metadata of
 * another issuer, are errors of the configuration, and another attempt would fail too.
 */
const isOutage = (error: unknown) =>
  error instanceof TransportError ||
  (error instanceof ValidationError && (error.code === 'response_malformed' || error.check === 'body'));

/** Resolves when the network returns, when the user returns to the page, or after a number of milliseconds. */
const waitForRetry = (delay: number) =>
  new Promise<void>((resolve) => {
    const control = new AbortController();
    const finish = () => {
      control.abort();
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(finish, delay);
    for (const name of ['online', 'focus']) addEventListener(name, finish, control);
  });
