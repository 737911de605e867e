import type { AccessTokenRequest, TokenSet } from '../../tokens/token-set.ts';
import type { CookieToSet, RequestCookies } from '../cookies/cookies.ts';
import type { ClientSessionMatch } from './logout-records/tombstone-keys.ts';
import type { SessionState } from './state/session-state.ts';

/** A session that may have ended. */
export interface SessionReference {
  /** Identifies the session within its backend. */
  readonly key: string;
  /** Missing if only the store has it. */
  readonly state?: SessionState;
  /** The session may begin after its end: its login is completed at the same time. */
  readonly pending?: {
    /** Time of the logout, in seconds since the epoch. */
    readonly endedAt: number;
  };
}

/** How a session begins. */
export interface SessionStart {
  /** Random and secret. Its hash is the `id` of the state. The cookie of a stored session contains it. */
  readonly identifier: string;
  /** Time of the token request, in seconds since the epoch with fraction. Default: unknown. */
  readonly requestedAt?: number | undefined;
}

/** A session of one copy of the session cookie. */
export interface IdentifiedSession extends SessionReference {
  /** False if the copy has the name of other settings, which does not sign in. */
  readonly isAccepted: boolean;
}

/** The sessions of all copies of the session cookie in one request. */
export interface IdentifiedSessions {
  readonly sessions: readonly IdentifiedSession[];
  /** True if the request has more copies than were read. */
  readonly isTruncated: boolean;
}

/** The session that the cookies of a request identify. */
export interface LoadedSession extends SessionReference {
  readonly state: SessionState;
  /** The stored version; 0 for cookie sessions. */
  readonly version: number;
  /** Only if it was loaded to be ended: this copy no longer signs in, but another copy, or other lifetimes, may. */
  readonly hasExpired?: true;
}

/** Lookups of decrypted cookie sessions in the memory of this process. */
export interface SessionCacheStatistics {
  /** Cookies whose session was cached. */
  readonly hits: number;
  /** Cookies that had to be decrypted. */
  readonly misses: number;
  /** Sessions that are cached now. */
  readonly size: number;
}

/** Where sessions are stored: encrypted in the cookie, or in a store. */
export interface SessionBackend {
  readonly kind: 'cookie' | 'stored';
  /** Loads the session of a request. Returns `undefined` if it is missing, malformed, expired or ended. */
  load(cookies: RequestCookies): Promise<LoadedSession | undefined>;
  /**
   * Finds the sessions of all copies of the session cookie without the stores, for a logout. This
   * includes copies that do not sign in: another copy is of another user or has the same name, or the copy has expired. The
   * sessions may have ended.
   */
  identifyAll(cookies: RequestCookies): Promise<IdentifiedSessions>;
  /**
   * Loads the current state of a session that was loaded or identified before.
   *
   * @param options `toEnd`: the caller ends the session. It is then also loaded while another request ends it, and after it
   * has expired by the idle lifetime or by the current options. A copy of its cookie may have been used since, and the
   * options may change again. Default: false.
   * @throws ConfigurationError if `toEnd` and the session is encrypted with a secret that this process does not have. It is
   * ended by its key.
   */
  reload(
    session: SessionReference,
    options?: { readonly toEnd?: boolean },
  ): Promise<LoadedSession | undefined>;
  /**
   * Starts a session.
   *
   * @throws LoginRequiredError `session_ended` if a logout since the token request has ended it
   */
  create(state: SessionState, cookies: RequestCookies, start: SessionStart): Promise<CookieToSet[]>;
  /**
   * Writes a change unless the session has ended.
   *
   * @param change is applied again to the current state after a concurrent write. `undefined`: nothing is written.
   * @param options `isUse`: the write extends the idle lifetime
   */
  write(
    loadedSession: LoadedSession,
    change: (state: SessionState) => SessionState | undefined,
    options: { readonly isUse: boolean },
  ): Promise<{ readonly loadedSession: LoadedSession; readonly sealedSession?: string } | false>;
  /** Applies the tokens that another request for the same session has obtained. */
  applyTokens(
    loadedSession: LoadedSession,
    tokens: TokenSet,
    sealedSession: string | undefined,
  ): Promise<LoadedSession & { readonly sealedSession?: string }>;
  /** Creates the cookies that the response must set after a write. */
  createCookies(sealedSession: string | undefined, existing: RequestCookies): CookieToSet[];
  /**
   * Checks that the access token of a refresh can be stored, as far as its length is known.
   *
   * @throws ConfigurationError `cookies_too_large`
   */
  requireSpace(loadedSession: LoadedSession, request: AccessTokenRequest): void;
  /** Records that an access token is in use. If a cookie becomes too large, the other tokens are removed first. */
  recordUse(loadedSession: LoadedSession, request: AccessTokenRequest): void;
  /** Ends one session permanently. */
  end(session: SessionReference): Promise<void>;
  /**
   * Ends every session of the client that matches.
   *
   * @param endedAt seconds since the epoch, with fraction
   */
  endMatching(match: ClientSessionMatch, endedAt: number): Promise<void>;
  /**
   * Creates the cookies that delete the copies of the session cookie at other scopes, because the settings were changed: one
   * for each cookie. Only copies that this application has written are deleted, not those of another application.
   *
   * @param loadedSession the session of the request. Default: unknown.
   */
  findDeletions(existing: RequestCookies, loadedSession?: LoadedSession): Promise<CookieToSet[]>;
  /** Creates the cookies that delete the session cookies of the request at the scope of the settings. */
  deleteCookies(existing: RequestCookies): CookieToSet[];
  /** Counts the lookups of the session cache. All counts are 0 for stored sessions: they are not cached. */
  getCacheStatistics(): SessionCacheStatistics;
}
