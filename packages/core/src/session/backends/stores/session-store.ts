/** A session as a store holds it. Its value is encrypted with the application's secret. */
export interface SessionRecord {
  /** Increases by one with every write; a write names the version that it replaces. */
  readonly version: number;
  /** The encrypted session. */
  readonly value: string;
  /**
   * The provider of the login. With `sub` or `sid` it finds the session at a back-channel logout. In the record of a logout it
   * is the key of the record, and `sub` is empty: a store with a limit counts these records separately.
   */
  readonly issuer: string;
  readonly sub: string;
  /** The session ID at the provider, if the ID token contains one. */
  readonly sid?: string;
  /** The client of the login. Records of previous versions have none. */
  readonly clientId?: string;
  /** Seconds since the epoch at which the session expires: the earlier of the idle and the absolute expiry. */
  readonly expiresAt: number;
}

/**
 * Selects the sessions of one user, of one session at the provider, or of both together. `clientId` selects those of one
 * client, as a logout token does, and those of an unknown client. Default: the sessions of all clients.
 *
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken
 */
export type SessionMatch = { readonly issuer: string; readonly clientId?: string } & (
  | { readonly sub: string; readonly sid?: string }
  | { readonly sub?: string; readonly sid: string }
);

/**
 * Stores sessions. The key is a hash of the identifier in the user's cookie.
 *
 * Every store must guarantee, even between processes:
 * - A write is compare-and-swap: of two writers that read the same version, one gets `false`.
 * - A deleted session stays deleted: no write restores it, under any version.
 * - A record is never returned after its `expiresAt`.
 *
 * A store that is unavailable throws. The request is then neither signed in nor signed out; the response is 503. A call
 * that takes longer than 5,000 milliseconds counts as failed, although it may still end later: a write that was repeated
 * in the meantime must then return `false`.
 * `@countersign/testing/contracts` tests these guarantees.
 */
export interface SessionStore {
  /** Returns a record, or `undefined` if it is missing, expired or deleted. */
  get(key: string): Promise<SessionRecord | undefined>;
  /**
   * Writes a record.
   *
   * @param expectedVersion the version that is replaced; 0 for a new session, which must not exist yet
   * @returns false if the stored version is different or missing, or if the session was deleted
   */
  set(key: string, record: SessionRecord, expectedVersion: number): Promise<boolean>;
  /** Deletes one session, and stores a tombstone until the expiry of the record. */
  delete(key: string): Promise<void>;
  /**
   * Deletes every session that matches, as {@link SessionStore.delete} does. A record without `clientId` matches each
   * client, so that a logout ends sessions of previous versions too.
   *
   * @returns the count of deleted sessions
   */
  deleteWhere(match: SessionMatch): Promise<number>;
}
