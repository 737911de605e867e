import type { Router } from '@angular/router';
import { TransportError } from '@countersign/core/browser';
import type { AuthHandle } from '../auth.ts';

/** Milliseconds until the next attempt, if neither the network nor the user gives a reason to try earlier. */
const retryDelays = [5_000, 15_000, 60_000];

/**
 * Leaves the page to log in.
 *
 * If the provider is unavailable during the first navigation, it tries again when the network returns, when the user
 * returns to the page, and after a pause: a canceled first navigation would lose the requested address.
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
      if (router.navigated || auth.errorRoute() !== undefined || !(error instanceof TransportError)) break;
      const delay = retryDelays[Math.min(attempt, retryDelays.length - 1)] ?? 0;
      await waitForRetry(Math.max(delay, (error.retryAfter ?? 0) * 1000));
    }
  }
  return false;
}

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
