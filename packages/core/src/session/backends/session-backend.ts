import type { TokenSet } from '../../tokens/token-set.ts';
import type { CookieToSet, RequestCookies } from '../cookies/cookies.ts';
import type { SessionState } from './session-state.ts';
import type { SessionMatch } from './session-store.ts';

/** A session that a request has brought. */
export interface LoadedSession {
  readonly state: SessionState;
  /** Names the session to its backend. */
  readonly key: string;
  /** The stored version; 0 where there is no store. */
  readonly version: number;
}

/** Where sessions are kept: sealed in the cookie, or in a store. */
export interface SessionBackend {
  readonly kind: 'cookie' | 'stored';
  /** The session of a request, or `undefined`: malformed, over, ended or unknown are all the same. */
  load(cookies: RequestCookies): Promise<LoadedSession | undefined>;
  /** The same session as it is now. */
  reload(loaded: LoadedSession): Promise<LoadedSession | undefined>;
  /**
   * Starts a session.
   *
   * @param askedAt seconds since the epoch, with their fraction, at which the provider was asked for its tokens
   */
  create(state: SessionState, cookies: RequestCookies, askedAt?: number): Promise<CookieToSet[]>;
  /**
   * Writes a change of a session, if it has not ended meanwhile.
   *
   * @param change is applied again to whatever somebody else has written meanwhile
   */
  write(
    loaded: LoadedSession,
    change: (state: SessionState) => SessionState,
  ): Promise<{ readonly loaded: LoadedSession; readonly sealedSession?: string } | false>;
  /** Takes over what another holder of the same session has written. */
  adopt(
    loaded: LoadedSession,
    tokens: TokenSet,
    sealedSession: string | undefined,
  ): Promise<LoadedSession & { readonly sealedSession?: string }>;
  /** The cookies that bring the browser up to date after a write. */
  cookies(sealedSession: string | undefined, existing: RequestCookies): CookieToSet[];
  /** Ends one session for good. */
  end(loaded: LoadedSession): Promise<void>;
  /**
   * Ends all that match.
   *
   * @param endedAt seconds since the epoch, with their fraction
   */
  endWhere(match: SessionMatch, endedAt: number): Promise<void>;
  /** Deletes the cookies of the request. */
  forget(existing: RequestCookies): CookieToSet[];
}
