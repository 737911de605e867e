import type { BrowserContext } from '../options.ts';
import { findHolder, isSameHolder, type KeptTokenSet, type LoginHolder } from './login-holder.ts';
import { createLoginState, type LoginState } from './login-state.ts';
import { type TokenStorage, updateTokens } from './token-storage.ts';

/** The login of one page: its tokens in the storage, and its snapshot. The two agree, whatever other tabs do. */
export interface KeptLogin extends LoginState {
  /** Counts logins and logouts: what began before one of them must not be kept after it. */
  generation(): number;
  /** @returns the new generation */
  advance(): number;
  read(): Promise<KeptTokenSet | undefined>;
  /** Reads and replaces in one step. */
  update(change: (kept: KeptTokenSet | undefined) => KeptTokenSet | undefined): Promise<void>;
  /** Keeps refreshed tokens. @returns false when a logout, another login or another refresh came first */
  replace(expected: KeptTokenSet, next: KeptTokenSet): Promise<boolean>;
  /** Removes a login that is over, and nothing that another tab has put in its place. */
  forget(holder: LoginHolder | undefined, error?: Error): Promise<void>;
  /**
   * Ends the login that is kept, of any user. What is under way ends with it.
   *
   * @returns the tokens that were removed
   * @throws what the storage throws; the page shows no login, and the call can be repeated
   */
  end(): Promise<KeptTokenSet | undefined>;
  /** Shows what the storage holds, after another tab has changed it. */
  follow(): Promise<void>;
}

export function createKeptLogin(context: BrowserContext, storage: TokenStorage): KeptLogin {
  const key = `${context.prefix}tokens`;
  const state = createLoginState(context.resources[0]);
  let generation = 0;
  /** Logouts that have not removed the tokens yet. */
  let ending = 0;

  const update: KeptLogin['update'] = (change) => updateTokens(storage, key, change);

  /** Tokens without a holder cannot be used: it is not known whose requests they may answer. */
  async function read(): Promise<KeptTokenSet | undefined> {
    const tokens = await storage.get(key);
    return findHolder(tokens)?.iss === context.issuer ? tokens : undefined;
  }

  return {
    ...state,
    generation: () => generation,
    advance: () => ++generation,
    read,
    update,
    async replace(expected, next) {
      const begun = generation;
      let replaced = false;
      await update((kept) => {
        replaced = kept?.refreshToken === expected.refreshToken && kept?.login === expected.login;
        return replaced ? next : kept;
      });
      if (replaced && begun === generation) state.publishTokens(next);
      return replaced;
    },
    async forget(holder, error) {
      const begun = generation;
      let left: KeptTokenSet | undefined;
      await update((kept) => {
        left = begun === generation && isSameHolder(holder, findHolder(kept)) ? undefined : kept;
        return left;
      });
      if (begun !== generation) return;
      if (left && findHolder(left)) state.publishTokens(left);
      else state.signedOut(error);
    },
    async end() {
      generation++;
      ending++;
      state.signedOut();
      let removed: KeptTokenSet | undefined;
      try {
        await update((kept) => {
          removed = kept;
          return undefined;
        });
      } finally {
        // Once more: what has begun meanwhile may have read the tokens that are removed now.
        generation++;
        ending--;
      }
      if (state.snapshot().status !== 'signed-out') state.signedOut();
      return removed;
    },
    async follow() {
      const begun = generation;
      const tokens = await read();
      if (begun !== generation || ending > 0) return;
      if (tokens) state.publishTokens(tokens);
      else if (state.snapshot().status === 'signed-in') state.signedOut();
    },
  };
}
