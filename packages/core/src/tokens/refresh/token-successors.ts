import type { AuthEvent } from '../../events.ts';
import type { Clock } from '../../internal/clock.ts';
import { callStore } from '../stores/store-call.ts';
import {
  createMemorySuccessorStore,
  createRefreshTokenKey,
  decryptSuccessor,
  encryptSuccessor,
  type Successor,
  type SuccessorStore,
} from '../stores/successor-store.ts';
import { isNewerTokenSet, type TokenSet } from '../token-set.ts';

/** The successors of refresh tokens, for requests that still have the previous tokens. */
export interface TokenSuccessors {
  /** Follows the successors of a token set to the newest known one. */
  findNewestTokens(tokens: TokenSet): Promise<Successor>;
  /**
   * Stores the successor of a refresh token.
   *
   * @param options `isUnwritten`: the session does not contain the successor yet, so it is stored longer
   */
  save(
    refreshToken: string,
    successor: Successor,
    options?: { readonly isUnwritten: boolean },
  ): Promise<void>;
  /** Finds the pause that another process has stored for a refresh token. `remaining`: milliseconds, 0 or less at its end. */
  findPause(
    refreshToken: string,
  ): Promise<{ readonly remaining: number; readonly status?: number } | undefined>;
  /**
   * Stores the pause of a refresh token for other processes.
   *
   * @param pause `length` in milliseconds, `status` of the response that caused it
   */
  savePause(
    refreshToken: string,
    pause: { readonly length: number; readonly status?: number | undefined },
  ): Promise<void>;
}

export interface TokenSuccessorsOptions {
  /** Default: within this process. */
  readonly store?: SuccessorStore;
  /** The store of this process. Default: a separate one. */
  readonly localStore?: SuccessorStore;
  /** Milliseconds. */
  readonly lifetime: number;
  readonly now: Clock;
  readonly emitEvent: (event: AuthEvent) => void;
}

/**
 * Successors that are followed at most: more than a login has within their lifetime. A chain that is left too early ends
 * at a spent refresh token, which would end the login.
 */
const maxHops = 100;
/** Milliseconds for which a successor is stored that the session does not contain yet. */
const unwrittenLifetime = 600_000;

/** Creates the successors of a client. This process also stores them in memory, for times at which the store fails. */
export function createTokenSuccessors(
  client: { readonly issuer: string; readonly clientId: string },
  { store, localStore = createMemorySuccessorStore(), lifetime, now, emitEvent }: TokenSuccessorsOptions,
): TokenSuccessors {
  const sharedStore: SuccessorStore | undefined = store && {
    get: (key) => callStore(() => store.get(key)),
    set: (key, value, timeToLive) => callStore(() => store.set(key, value, timeToLive)),
  };
  const createKey = (refreshToken: string) => createRefreshTokenKey(refreshToken, client);
  const createPauseKey = async (refreshToken: string) => `${await createKey(refreshToken)}.pause`;

  async function findEncrypted(key: string): Promise<string | undefined> {
    try {
      const sharedSuccessor = await sharedStore?.get(key);
      if (sharedSuccessor !== undefined) return sharedSuccessor;
    } catch {
      emitEvent({ type: 'store.unavailable', port: 'successor' });
    }
    // The shared store was unavailable when the successor was stored, or is unavailable now.
    return localStore.get(key);
  }

  return {
    async findNewestTokens(tokens) {
      let newest: Successor = { tokens };
      for (let hops = 0; hops < maxHops && newest.tokens.refreshToken !== undefined; hops++) {
        const { refreshToken } = newest.tokens;
        const encryptedSuccessor = await findEncrypted(await createKey(refreshToken));
        const next =
          encryptedSuccessor === undefined
            ? undefined
            : await decryptSuccessor(refreshToken, encryptedSuccessor);
        if (!next) break;
        // Without rotation a refresh token is its own successor, which stays when the session has changed.
        const isRotated = next.tokens.refreshToken !== refreshToken;
        if (
          isRotated
            ? next.tokens.updatedAt < newest.tokens.updatedAt
            : !isNewerTokenSet(next.tokens, newest.tokens)
        )
          break;
        newest = next;
        if (!isRotated) break;
      }
      return newest;
    },
    async save(refreshToken, successor, { isUnwritten } = { isUnwritten: false }) {
      const key = await createKey(refreshToken);
      const encryptedSuccessor = await encryptSuccessor(refreshToken, successor);
      const timeToLive = isUnwritten ? Math.max(lifetime, unwrittenLifetime) : lifetime;
      // Stored in this process too: the shared store may fail when a late request reads it.
      await localStore.set(key, encryptedSuccessor, timeToLive);
      try {
        await sharedStore?.set(key, encryptedSuccessor, timeToLive);
      } catch {
        emitEvent({ type: 'store.unavailable', port: 'successor' });
      }
    },
    async findPause(refreshToken) {
      const value = await sharedStore?.get(await createPauseKey(refreshToken)).catch(() => undefined);
      if (value === undefined) return undefined;
      const [until, status] = value.split(' ').map(Number);
      return { remaining: Number(until) - now(), ...(status && { status }) };
    },
    async savePause(refreshToken, { length, status }) {
      const key = await createPauseKey(refreshToken);
      const value = `${now() + length}${status === undefined ? '' : ` ${status}`}`;
      await sharedStore?.set(key, value, Math.max(length, 1)).catch(() => {});
    },
  };
}
