import type { BrowserContext } from '../options.ts';
import { findHolder, isSameHolder, type LoginHolder, type StoredTokenSet } from './login-holder.ts';
import { createLoginState, type LoginState } from './login-state.ts';
import { type TokenStorage, updateTokens } from './token-storage.ts';

/** The login of one page: its tokens in the storage, and its snapshot. Both agree, also after changes by other tabs. */
export interface LoginStore extends LoginState {
  /** Counts logins and logouts. The result of an operation that began in an earlier generation is not stored. */
  getGeneration(): number;
  /** @returns the new generation */
  advanceGeneration(): number;
  read(): Promise<StoredTokenSet | undefined>;
  /** Reads and replaces the tokens in one step. */
  changeTokens(change: (stored: StoredTokenSet | undefined) => StoredTokenSet | undefined): Promise<void>;
  /** Stores refreshed tokens. @returns false if a logout, another login or another refresh came first */
  replaceTokens(expected: StoredTokenSet, next: StoredTokenSet): Promise<boolean>;
  /** Deletes the tokens of a login that has ended. The login of another tab remains. */
  deleteTokens(holder: LoginHolder | undefined, error?: Error): Promise<void>;
  /**
   * Logs out: deletes the tokens of any user, and starts a new generation.
   *
   * @returns the deleted tokens
   * @throws the error of the storage. The snapshot is then signed out, and the call can be repeated.
   */
  clear(): Promise<StoredTokenSet | undefined>;
  /** Updates the snapshot from the storage, after another tab has changed it. */
  synchronize(): Promise<void>;
}

export function createLoginStore(context: BrowserContext, storage: TokenStorage): LoginStore {
  const key = `${context.prefix}tokens`;
  const state = createLoginState(context.resources[0]);
  let generation = 0;
  /** Logouts that have not deleted the tokens yet. */
  let pendingLogouts = 0;

  const changeTokens: LoginStore['changeTokens'] = (change) => updateTokens(storage, key, change);

  /** Tokens without a holder are not used: their user is unknown. */
  async function read(): Promise<StoredTokenSet | undefined> {
    const tokens = await storage.get(key);
    return findHolder(tokens)?.iss === context.issuer ? tokens : undefined;
  }

  return {
    ...state,
    getGeneration: () => generation,
    advanceGeneration: () => ++generation,
    read,
    changeTokens,
    async replaceTokens(expected, next) {
      const startGeneration = generation;
      let isReplaced = false;
      await changeTokens((stored) => {
        isReplaced = stored?.refreshToken === expected.refreshToken && stored?.login === expected.login;
        return isReplaced ? next : stored;
      });
      if (isReplaced && startGeneration === generation) state.publishTokens(next);
      return isReplaced;
    },
    async deleteTokens(holder, error) {
      const startGeneration = generation;
      let remaining: StoredTokenSet | undefined;
      await changeTokens((stored) => {
        const isEnded = startGeneration === generation && isSameHolder(holder, findHolder(stored));
        remaining = isEnded ? undefined : stored;
        return remaining;
      });
      if (startGeneration !== generation) return;
      if (remaining && findHolder(remaining)) state.publishTokens(remaining);
      else state.publishSignedOut(error);
    },
    async clear() {
      generation++;
      pendingLogouts++;
      state.publishSignedOut();
      let deleted: StoredTokenSet | undefined;
      try {
        await changeTokens((stored) => {
          deleted = stored;
          return undefined;
        });
      } finally {
        // A second time: an operation that began meanwhile may have read the tokens before they were deleted.
        generation++;
        pendingLogouts--;
      }
      if (state.snapshot().status !== 'signed-out') state.publishSignedOut();
      return deleted;
    },
    async synchronize() {
      const startGeneration = generation;
      const tokens = await read();
      if (startGeneration !== generation || pendingLogouts > 0) return;
      if (tokens) state.publishTokens(tokens);
      else if (state.snapshot().status === 'signed-in') state.publishSignedOut();
    },
  };
}
