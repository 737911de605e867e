/**
 * Records logouts of cookie sessions. The server cannot delete a copy of a cookie, so each request with a session
 * cookie is checked against these records. A call that takes longer than 5,000 milliseconds counts as failed.
 */
export interface TombstoneStore {
  /**
   * Records a logout. If two writes have one key, the later `endedAt` counts.
   *
   * @param endedAt seconds since the epoch, with fraction, stored unchanged
   * @param timeToLive milliseconds
   * @param options `coveredBy`: a key whose logout includes this one (all sessions of the user). A store with a limit
   *   may write this key instead, with the same time. It must never drop a record without such a replacement.
   *   `isPending`: the session may not exist yet, and its user is unknown. `endedAt` can be an hour in the future. A store
   *   with a limit counts these records separately, and throws if there are too many: an account can cause any count of them.
   */
  set(
    key: string,
    endedAt: number,
    timeToLive: number,
    options?: { readonly coveredBy?: string | undefined; readonly isPending?: boolean | undefined },
  ): Promise<void>;
  /** Returns the latest `endedAt` of these keys, in seconds since the epoch with fraction. */
  latest(keys: readonly string[]): Promise<number | undefined>;
}
