import { callStore } from './stores/store-call.ts';
import type { AccessTokenRequest, TokenSet } from './token-set.ts';

/**
 * The place where the tokens of one login are stored, for example a session, a database row or a file. The refresh
 * coordinator reads and writes tokens only through it.
 *
 * The first `read` of a request may take any time: it may ask the user to unlock the storage. Any other call that takes longer
 * than 20,000 milliseconds counts as failed. It may still end later.
 */
export interface TokenHolder {
  /**
   * True if other processes read and write the same tokens. The refresh token is then sent only under the shared lock:
   * while the lock is unavailable, `getAccessToken()` returns a token that is still valid, or throws a `TransportError`
   * `store_unavailable`. Default: false, the lock of this process suffices.
   */
  readonly isShared?: boolean;
  /** Reads the current tokens from storage. `undefined`: the session has ended. */
  read(): Promise<TokenSet | undefined>;
  /**
   * Replaces the tokens, if the session still exists.
   *
   * An error means that the storage is unavailable: the coordinator keeps the tokens in memory and repeats the call
   * until it succeeds. A `ConfigurationError` means that it cannot store these tokens, however often it is tried: the caller
   * receives it.
   *
   * @returns `false` if the session has ended: a refresh never restores it. Otherwise `sealedSession`, the data that
   *   requests with the previous tokens receive beside the next tokens, for example the new session cookie.
   */
  write(next: TokenSet, previous: TokenSet): Promise<{ readonly sealedSession?: string } | false>;
  /**
   * Called directly before the refresh token is sent. The request may have waited, and its response may have been sent
   * in the meantime.
   *
   * @param request the access token that the refresh is for
   * @throws if the next tokens cannot be stored. The refresh token is then not sent.
   */
  requireWritable?(request: AccessTokenRequest): void;
  /** Ends the session, because the provider rejected its refresh token. */
  end(previous: TokenSet): Promise<void>;
}

/** Milliseconds after which a call of a holder fails. A session needs several calls of its store. */
const holderTimeout = 20_000;

/** Limits the time of each call of a holder. */
export const limitHolder = (holder: TokenHolder): TokenHolder => ({
  isShared: holder.isShared === true,
  read: () => callStore(() => holder.read(), holderTimeout),
  write: (next, previous) => callStore(() => holder.write(next, previous), holderTimeout),
  requireWritable: (request) => holder.requireWritable?.(request),
  end: (previous) => callStore(() => holder.end(previous), holderTimeout),
});
