import type { TokenSet } from './token-set.ts';

/** Where one login's tokens are kept: a session, a tab, a file. */
export interface TokenHolder {
  /** The tokens as they are now, freshly read; `undefined` when the session is over. */
  read(): Promise<TokenSet | undefined>;
  /**
   * Keeps the next tokens, if the session is still there. When it throws, the store is taken to be away: the tokens are
   * kept in this process, and the same call is made again until it succeeds.
   *
   * @returns `false` when the session has ended meanwhile: nothing resurrects it.
   *   Otherwise what other requests with the old tokens must be given, for example the sealed cookie.
   */
  write(next: TokenSet, previous: TokenSet): Promise<{ readonly carry?: string } | false>;
  /**
   * Called directly before the refresh token is spent: the request may have waited, and its response may have been sent.
   *
   * @throws when the successor of the refresh token could not be kept any more; the refresh token is not spent then
   */
  requireWritable?(): void;
  /** Ends the session, because the provider no longer accepts its refresh token. */
  end(previous: TokenSet): Promise<void>;
}
