import { isIssuer } from '../../protocol/tokens/token-issuer.ts';
import type { BrowserContext } from '../options.ts';
import { createEndedLogin, findHolder, isSameTokens, type StoredTokenSet } from './login-holder.ts';
import { createSnapshotState, type SnapshotState } from './snapshot-state.ts';
import { readTime, saveTime } from './tab-times.ts';
import { type TokenStorage, updateTokens } from './token-storage.ts';

/** The login of one page: its tokens in the storage, and its snapshot. Both agree, even after changes by other tabs. */
export interface LoginStore extends SnapshotState {
  /** Counts logins and logouts. The result of an operation that began in an earlier generation is not stored. */
  getGeneration(): number;
  /** @returns the new generation */
  advanceGeneration(): number;
  /** The time at which a login begins, in milliseconds since the epoch: later than each known logout. */
  readClock(): number;
  /** Reads when the user has logged out before this page was opened. Called once, before the first read of the tokens. */
  loadLogoutTime(): void;
  /** Returns the time of a logout in another tab that this page has not recorded. */
  findMissedLogout(): number | undefined;
  /** Checks that the user has logged out at a time or later while this page was open, in this tab or another. */
  isLoggedOutSince(time: number): boolean;
  /**
   * Records a logout: each login that began earlier has ended, even if its tokens are still stored or arrive later.
   *
   * @param time milliseconds since the epoch. Default: the clock of {@link readClock}, or the beginning of
   * the current login if that is later.
   * @returns the time
   */
  recordLogout(time?: number): number;
  /** Records a logout of this tab. It is later than each login of all tabs, even if the clock was set back since. */
  startLogout(): number;
  /** Reads the tokens of the current login. */
  read(): Promise<StoredTokenSet | undefined>;
  /** Reads the stored tokens, including those of a login that has ended. */
  readStored(): Promise<StoredTokenSet | undefined>;
  /**
   * Reads and replaces the tokens in one step.
   *
   * @param change `endedLogin` is the login that the provider has ended, if neither a logout nor another login followed
   */
  changeTokens(
    change: (stored: StoredTokenSet | undefined, endedLogin?: string) => StoredTokenSet | undefined,
  ): Promise<void>;
  /** Stores refreshed tokens. @returns false if a logout, another login or another refresh came first */
  replaceTokens(expected: StoredTokenSet, next: StoredTokenSet): Promise<boolean>;
  /** Deletes the tokens of a login that the provider has ended, unless a login or a refresh has replaced them. */
  deleteTokens(expected: StoredTokenSet | undefined, error?: Error): Promise<void>;
  /** Deletes the tokens of a login that a recorded logout has ended. @returns the deleted tokens */
  deleteEndedLogin(): Promise<StoredTokenSet | undefined>;
  /**
   * Logs out: deletes the tokens of any user, and starts a new generation. A login that another tab began after the logout
   * and stored before the deletion is kept: all tabs show it.
   *
   * @param time the time of a logout that is already recorded. Default: the logout is recorded now.
   * @returns the deleted tokens
   * @throws the error of the storage. The snapshot is then signed out, and the call can be repeated.
   */
  clear(time?: number): Promise<StoredTokenSet | undefined>;
  /** Updates the snapshot from the storage, after another tab has changed it. */
  synchronize(): Promise<void>;
}

export function createLoginStore(context: BrowserContext, storage: TokenStorage): LoginStore {
  const key = `${context.prefix}tokens`;
  const state = createSnapshotState(context.resources[0]);
  let generation = 0;
  /** Milliseconds since the epoch. */
  let lastLogout = -1;
  /** The last logout before this page was opened. */
  let previousLogout = -1;
  let lastLogin = 0;
  let lastChange: Promise<unknown> = Promise.resolve();

  function recordLogin(tokens: StoredTokenSet | undefined): void {
    const startedAt = tokens?.loginStartedAt ?? 0;
    if (startedAt <= lastLogin) return;
    lastLogin = startedAt;
    saveTime(context, 'login', Math.max(startedAt, readTime(context, 'login')));
  }

  const isCurrent = (tokens: StoredTokenSet | undefined) =>
    (tokens?.loginStartedAt ?? 0) > Math.max(lastLogout, previousLogout);

  function changeStored(change: (stored: StoredTokenSet | undefined) => StoredTokenSet | undefined) {
    if (storage.reach === 'memory') return updateTokens(storage, key, change);
    // One operation after the other: a logout deletes the tokens of earlier operations, and no tokens of a later login. Without
    // `update`, read and write are two steps.
    const result = lastChange.then(() => updateTokens(storage, key, change));
    lastChange = result.catch(() => {});
    return result;
  }

  const changeTokens: LoginStore['changeTokens'] = (change) =>
    changeStored((stored) => {
      // A login that has ended is deleted.
      const current = isCurrent(stored) ? stored : undefined;
      const tokens = current?.endedLogin === undefined ? current : undefined;
      const next = change(tokens, current?.endedLogin);
      recordLogin(next);
      return next === tokens ? current : next;
    });

  /** A login that has ended is not shown, although its tokens may still be stored. */
  function publishTokens(tokens: StoredTokenSet): void {
    recordLogin(tokens);
    if (isCurrent(tokens)) state.publishTokens(tokens);
  }

  const readStored = async (): Promise<StoredTokenSet | undefined> => storage.get(key);

  /** Tokens without a holder are not used: their user is unknown. */
  async function read(): Promise<StoredTokenSet | undefined> {
    const tokens = await readStored();
    return isIssuer(context, findHolder(tokens)?.iss) && isCurrent(tokens) ? tokens : undefined;
  }

  const readClock = () => Math.max(context.now(), lastLogout + 1, previousLogout + 1);

  function recordLogout(time = Math.max(readClock(), lastLogin)): number {
    generation++;
    lastLogout = Math.max(lastLogout, time);
    return time;
  }

  return {
    ...state,
    publishTokens,
    getGeneration: () => generation,
    advanceGeneration: () => ++generation,
    readClock,
    loadLogoutTime() {
      previousLogout = readTime(context, 'logout');
    },
    findMissedLogout() {
      const time = readTime(context, 'logout');
      return time > Math.max(lastLogout, previousLogout) ? time : undefined;
    },
    isLoggedOutSince: (time) => lastLogout >= time,
    startLogout: () => recordLogout(Math.max(readClock(), lastLogin, readTime(context, 'login'))),
    recordLogout,
    read,
    readStored,
    changeTokens,
    async replaceTokens(expected, next) {
      const startGeneration = generation;
      let isReplaced = false;
      await changeTokens((stored) => {
        isReplaced = stored?.refreshToken === expected.refreshToken && stored?.login === expected.login;
        return isReplaced ? next : stored;
      });
      if (isReplaced && startGeneration === generation) publishTokens(next);
      return isReplaced;
    },
    async deleteTokens(expected, error) {
      const startGeneration = generation;
      let remaining: StoredTokenSet | undefined;
      await changeTokens((stored) => {
        remaining = startGeneration === generation && isSameTokens(expected, stored) ? undefined : stored;
        return remaining ?? createEndedLogin(stored);
      });
      if (startGeneration !== generation) return;
      if (remaining && findHolder(remaining)) publishTokens(remaining);
      else state.publishSignedOut(error);
    },
    async deleteEndedLogin() {
      // While the page starts, the operation that restores the login publishes its result.
      if (lastLogin <= lastLogout && state.snapshot().status !== 'loading') state.publishSignedOut();
      let deletedTokens: StoredTokenSet | undefined;
      await changeStored((stored) => {
        if (isCurrent(stored)) return stored;
        deletedTokens = stored;
        return undefined;
      });
      return deletedTokens;
    },
    async clear(time) {
      recordLogout(time);
      state.publishSignedOut();
      let deletedTokens: StoredTokenSet | undefined;
      await changeStored((stored) => {
        const { loginStartedAt = 0 } = stored ?? {};
        if (isCurrent(stored) && loginStartedAt <= readClock()) return stored;
        // Deletes again: an operation that began meanwhile may have read the tokens before they were deleted. A login that
        // seems to begin in the future is an earlier login: the clock was set back since.
        recordLogout(loginStartedAt);
        deletedTokens = stored;
        return undefined;
      });
      if (lastLogin <= lastLogout && state.snapshot().status === 'signed-in') state.publishSignedOut();
      return deletedTokens;
    },
    async synchronize() {
      const startGeneration = generation;
      const tokens = await read();
      if (startGeneration !== generation) return;
      if (tokens) publishTokens(tokens);
      else if (state.snapshot().status === 'signed-in') state.publishSignedOut();
    },
  };
}
