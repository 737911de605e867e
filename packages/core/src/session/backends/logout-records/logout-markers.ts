import { TransportError } from '../../../errors.ts';
import { type Clock, seconds } from '../../../internal/clock.ts';
import type { Sealer } from '../../cookies/cookie-encryption.ts';
import type { SessionState } from '../state/session-state.ts';
import type { SessionStore } from '../stores/session-store.ts';
import { createTombstoneKeyReader } from './tombstone-keys.ts';

/** Logouts, recorded in the session store for logins that are in progress. */
export interface LogoutMarkers {
  /**
   * @param key of all matching sessions, or of the session of one login
   * @param endedAt seconds since the epoch, with fraction
   */
  save(key: string, endedAt: number): Promise<void>;
  /**
   * Checks whether a logout of the user, of the session at the provider or of the login was recorded since the token request.
   *
   * @param requestedAt seconds since the epoch, with fraction
   */
  hasLogoutSince(state: SessionState, requestedAt: number): Promise<boolean>;
}

/** Seconds for which a logout is recorded. A code exchange that is in progress completes or fails within this time. */
const markerLifetime = 600;
/** Maximum attempts of a write that meets concurrent writes. */
const maxTries = 8;

/**
 * Creates the records of logouts. A logout cannot delete a session that does not exist yet, because its code is exchanged at
 * this time. It therefore writes a record before the deletion, and each login reads the records after it has stored its
 * session. One of the two finds the other.
 */
export function createLogoutMarkers(options: {
  readonly store: SessionStore;
  readonly clientId: string;
  readonly sealer: Sealer;
  readonly now: Clock;
}): LogoutMarkers {
  const { store, sealer, now } = options;
  const readKeys = createTombstoneKeyReader(options.clientId);

  async function read(key: string): Promise<{ readonly version: number; readonly endedAt: number }> {
    const record = await store.get(key);
    if (!record) return { version: 0, endedAt: 0 };
    const payload = await sealer.decrypt(record.value, seconds(now));
    const endedAt = payload?.key === key && typeof payload.endedAt === 'number' ? payload.endedAt : 0;
    return { version: record.version, endedAt };
  }

  return {
    async save(key, endedAt) {
      for (let tries = 0; tries < maxTries; tries++) {
        const previous = await read(key);
        if (previous.endedAt >= endedAt) return;
        const issuedAt = seconds(now);
        const expiresAt = issuedAt + markerLifetime;
        const record = {
          version: previous.version + 1,
          value: await sealer.encrypt({ key, endedAt }, { issuedAt, expiresAt }),
          // Matches no user, and distinguishes the record from a session.
          issuer: key,
          sub: '',
          expiresAt,
        };
        if (await store.set(key, record, previous.version)) return;
      }
      throw new TransportError(
        'store_unavailable',
        'The session store rejected the record of a logout, because other logouts of the user were recorded at the same time. Try again.',
      );
    },
    async hasLogoutSince(state, requestedAt) {
      const { all } = await readKeys(state);
      const markers = await Promise.all(all.map(read));
      return markers.some(({ endedAt }) => endedAt >= requestedAt);
    },
  };
}
