import { emitEventOrLog } from '../../events.ts';
import { isDevelopment } from '../../internal/development.ts';
import { checkRange } from '../../protocol/option-checks.ts';
import { getIssuer } from '../../providers/apply-preset.ts';
import type { BrowserAuth, BrowserAuthSnapshot, LogoutOptions } from '../browser-auth-types.ts';
import type { BrowserAuthOptions } from '../options.ts';
import { listen } from '../state/listen.ts';
import { createLoginEndedError } from '../state/login-holder.ts';
import { createActivityRecord } from './activity-record.ts';

/** Options of {@link limitIdleTime}. */
export interface IdleOptions {
  /** Seconds without activity after which `isWarning` is true. */
  readonly warnAfter: number;
  /** Seconds without activity after which the user is logged out. More than `warnAfter`, at most 86,400. */
  readonly endAfter: number;
  /** Options of the logout. Default: the session at the provider ends too. */
  readonly logout?: LogoutOptions | undefined;
}

/** The time that is left without activity. Each change creates a new object. */
export interface IdleSnapshot {
  /** Whether the user should be warned. */
  readonly isWarning: boolean;
  /** When the user is logged out without activity, in seconds since the epoch. `undefined` if no user is signed in. */
  readonly endsAt?: number;
}

/** A client that logs out an inactive user. */
export interface IdleSession {
  /** The client that the application uses. */
  readonly auth: BrowserAuth;
  snapshot(): IdleSnapshot;
  /** Calls a listener after each change. @returns a function that removes the listener */
  subscribe(listener: () => void): () => void;
  /** Counts as activity of the user, for example the button of a warning. */
  extend(): void;
}

/** Input of the user. Capturing, so that a handler of the page cannot hide it. */
const activityEvents = ['pointerdown', 'keydown', 'wheel', 'touchmove'] as const;

/** The page was suspended or hidden: the time may be over. */
const wakeEvents = ['focus', 'pageshow', 'visibilitychange', 'resume', 'online', 'storage'] as const;

/** Milliseconds between two checks at most. Timers do not count the time in which a computer is suspended. */
const checkInterval = 5_000;

/**
 * Logs out a user who is inactive for too long. Activity is input in any tab of this origin. The time is compared with the
 * clock. If a computer was suspended for longer than `endAfter`, the login ends before it is used, and the input that
 * resumed the computer does not extend it. The same applies when a stored login is opened again.
 *
 * @param options those of the client, and the times
 * @throws ConfigurationError `invalid_option` if a time is out of range
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#session-expiration
 * @example
 * ```ts
 * import { type BrowserAuthOptions, createBrowserAuth, limitIdleTime } from '@countersign/core/browser';
 *
 * function createAuth(options: BrowserAuthOptions) {
 *   const idle = limitIdleTime(createBrowserAuth(options), { ...options, warnAfter: 840, endAfter: 900 });
 *   idle.subscribe(() => console.info(idle.snapshot().isWarning));
 *   return idle.auth;
 * }
 * ```
 */
export function limitIdleTime(auth: BrowserAuth, options: BrowserAuthOptions & IdleOptions): IdleSession {
  const { now = Date.now, clientId, warnAfter, endAfter, logout = {} } = options;
  checkRange('endAfter', endAfter, { min: 1, max: 86_400, unit: 'seconds' });
  checkRange('warnAfter', warnAfter, { min: 0, max: endAfter, unit: 'seconds' });
  const issuer = getIssuer(options);
  const activity = createActivityRecord(`countersign ${issuer} ${clientId} activity`, now);
  const listeners = new Set<() => void>();
  let current: IdleSnapshot = { isWarning: false };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  let startResult: ReturnType<BrowserAuth['start']> | undefined;
  let isStarted = false;
  /** True until the page knows whether the login that it restores is over. */
  let isUndecided = true;
  let isEnding = false;
  let knownLogin: string | undefined;

  /** An authentication at the provider is activity too, for example in another application. */
  const findLastActivity = () => {
    const { auth_time: authTime } = auth.snapshot().claims ?? {};
    return Math.max(activity.read(), typeof authTime === 'number' ? authTime * 1000 : 0);
  };
  const isOver = () => now() - findLastActivity() >= endAfter * 1000;

  function publish(next: IdleSnapshot): void {
    if (next.isWarning === current.isWarning && next.endsAt === current.endsAt) return;
    current = next;
    for (const listener of listeners) listener();
  }

  /** Ends the login if the time is over. @returns true if it has ended the login */
  function check(): boolean {
    clearTimeout(timer);
    const { status, holder } = auth.snapshot();
    // While the provider is unavailable at the start, the restored login is unknown.
    const isKnown = status === 'signed-in' || status === 'signed-out';
    if (isUndecided && !(isStarted && isKnown)) return false;
    if (status !== 'signed-in') {
      isUndecided &&= !isKnown;
      knownLogin = undefined;
      publish({ isWarning: false });
      return false;
    }
    if (isUndecided) {
      if (!activity.isKnown()) activity.record();
      isUndecided = isOver();
    } else if (holder?.login !== knownLogin) {
      // A new login of this or another tab.
      activity.record();
    }
    knownLogin = holder?.login;
    if (isOver()) {
      void end();
      return true;
    }
    const last = findLastActivity();
    const isWarning = now() - last >= warnAfter * 1000;
    publish({ isWarning, endsAt: Math.floor(last / 1000) + endAfter });
    const next = last + (isWarning ? endAfter : warnAfter) * 1000 - now();
    if (!isStopped) timer = setTimeout(check, Math.min(checkInterval, next));
    return false;
  }

  async function end(): Promise<void> {
    if (isEnding) return;
    isEnding = true;
    try {
      // One tab leaves the page for the provider. The others only end their own login.
      const isFirst = activity.end();
      emitEventOrLog(
        options.onEvent,
        { type: 'session.idle', issuer, clientId },
        isDevelopment ? `The user was inactive for ${endAfter} seconds, and is logged out.` : '',
      );
      const isEnded = auth.logout(isFirst ? logout : { ...logout, localOnly: true });
      publish({ isWarning: false });
      await isEnded;
    } catch {
      // The logout has reported its failure: the event `logout.incomplete`.
    } finally {
      isEnding = false;
      isUndecided = false;
    }
  }

  function extend(): void {
    // The input that follows a suspension is too late.
    if (auth.snapshot().status !== 'signed-in' || check() || isUndecided) return;
    activity.record();
    check();
  }

  /** A login that is over is not shown. */
  const hideEndedLogin = (snapshot: BrowserAuthSnapshot): BrowserAuthSnapshot =>
    isUndecided && snapshot.status === 'signed-in' ? { status: 'loading' } : snapshot;

  async function runStart() {
    const result = await auth.start();
    isStarted = true;
    // A login that was completed on this page is new. A restored one may be over.
    if (result.returnTo !== undefined) activity.record();
    if (!check()) for (const listener of authListeners) listener();
    return result;
  }

  async function start() {
    if (!startResult) {
      startResult = runStart();
      return startResult;
    }
    // Tries again, if the provider was unavailable.
    await startResult;
    return auth.start();
  }

  const authListeners = new Set<() => void>();
  auth.subscribe(() => void check());
  const capture = { capture: true, passive: true };
  const stopExtending = listen(activityEvents, extend, capture);
  const stopWaking = listen(wakeEvents, () => void check(), capture);
  const idleAuth: BrowserAuth = {
    ...auth,
    snapshot: () => hideEndedLogin(auth.snapshot()),
    subscribe(listener) {
      authListeners.add(listener);
      const unsubscribe = auth.subscribe(listener);
      return () => {
        authListeners.delete(listener);
        unsubscribe();
      };
    },
    start,
    async handleCallback(url) {
      const result = await auth.handleCallback(url);
      activity.record();
      isUndecided = false;
      check();
      return result;
    },
    async getAccessToken(request = {}) {
      // Before the first await: the request belongs to the user who is signed in now.
      const { status, holder: currentHolder = null } = auth.snapshot();
      const isUnknown = status === 'loading' || status === 'error';
      const { holder = isUnknown ? undefined : currentHolder } = request;
      // Otherwise the client itself would restore a login, and return its token before the time is checked.
      await start();
      if (check()) throw createLoginEndedError();
      return auth.getAccessToken({ ...request, holder });
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      stopExtending();
      stopWaking();
      auth.stop();
    },
  };
  return {
    auth: idleAuth,
    snapshot: () => current,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    extend,
  };
}
