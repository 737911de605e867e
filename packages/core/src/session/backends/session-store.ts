/** A stored session as a store sees it: nothing in it can be read or used without the application's secret. */
export interface SessionRecord {
  /** Grows by one with every write; a write names the version that it replaces. */
  readonly version: number;
  /** The sealed session. */
  readonly value: string;
  /** The provider that the user logged in at. Together with `sub` or `sid` it finds the session at a back-channel logout. */
  readonly issuer: string;
  readonly sub: string;
  /** The session at the provider, when the ID token names one. */
  readonly sid?: string;
  /** Seconds since the epoch at which the session is over, idle or absolute, whichever comes first. */
  readonly expiresAt: number;
}

/** Which sessions to end: those of one user, of one session at the provider, or of both together. */
export type SessionMatch =
  | { readonly issuer: string; readonly sub: string; readonly sid?: string }
  | { readonly issuer: string; readonly sub?: string; readonly sid: string };

/**
 * Keeps sessions, by a key that tells nothing about the identifier in the user's cookie.
 *
 * What every store must guarantee, also between processes:
 * - a write is compare-and-swap: of two writers that read the same version, one gets `false`;
 * - what was deleted stays deleted: no write brings it back, under no version;
 * - a record is never returned after its `expiresAt`.
 *
 * A store that is unavailable throws. The request is then neither signed in nor signed out: it is answered with 503.
 */
export interface SessionStore {
  get(key: string): Promise<SessionRecord | undefined>;
  /**
   * Writes a record.
   *
   * @param expectedVersion the version that is replaced; 0 for a new session, which must not exist yet
   * @returns false when another version, or none, is there, or the session has been deleted
   */
  set(key: string, record: SessionRecord, expectedVersion: number): Promise<boolean>;
  /** Ends one session, and leaves a tombstone until the record's own end. */
  delete(key: string): Promise<void>;
  /**
   * Ends every session that matches, each as {@link SessionStore.delete} does.
   *
   * @returns how many were ended
   */
  deleteWhere(match: SessionMatch): Promise<number>;
}

/**
 * Remembers that something has ended: the cookie sessions of a user, or one of them.
 * A cookie cannot be deleted where it is kept, so the next request that brings it is held against this.
 */
export interface TombstoneStore {
  /**
   * @param endedAt seconds since the epoch, with their fraction, to be kept as it is; of two writes of one key the later stays
   * @param timeToLive milliseconds
   * @param options `coveredBy`: a key whose end includes this one, that of all sessions of the user. A store with a bound
   *   may write this key instead, with the same time; it must never just forget.
   */
  set(
    key: string,
    endedAt: number,
    timeToLive: number,
    options?: { readonly coveredBy?: string | undefined },
  ): Promise<void>;
  /** The latest time at which any of these ended, in seconds since the epoch with their fraction. */
  latest(keys: readonly string[]): Promise<number | undefined>;
}
