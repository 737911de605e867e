/** Seconds. The current options of the application. */
export interface SessionLifetimes {
  readonly idleLifetime: number;
  readonly absoluteLifetime: number;
}

/** Seconds since the epoch. */
export interface SessionEnds {
  /** When the session ends if it is not used again. */
  readonly expiresAt: number;
  /** When the session ends even if it is in use. */
  readonly endsAt: number;
}

/** Seconds since the epoch. */
interface SessionTimes {
  readonly createdAt: number;
  readonly usedAt: number;
  readonly expiresAt: number;
}

/** Computes when a session ends. The current options also limit sessions that began with longer lifetimes. */
export function getSessionEnds(
  { usedAt, createdAt, expiresAt }: SessionTimes,
  { idleLifetime, absoluteLifetime }: SessionLifetimes,
): SessionEnds {
  const endsAt = Math.min(expiresAt, createdAt + absoluteLifetime);
  return { expiresAt: Math.min(usedAt + idleLifetime, endsAt), endsAt };
}
