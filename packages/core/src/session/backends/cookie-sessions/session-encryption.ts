import { type Clock, seconds } from '../../../internal/clock.ts';
import { createRandomToken } from '../../../internal/encoding.ts';
import type { ChunkedValue } from '../../cookies/chunks.ts';
import type { Sealer } from '../../cookies/cookie-encryption.ts';
import type { CookieJar } from '../../cookies/cookies.ts';
import type { SessionCacheStatistics } from '../session-backend.ts';
import { createSessionCache, type SessionEntries } from '../state/session-cache.ts';
import { packState, type SessionState, setCookieScope, unpackState } from '../state/session-state.ts';

export interface SessionEncryptionOptions {
  readonly jar: CookieJar;
  readonly sealer: Sealer;
  /** Provider and client whose sessions are accepted. */
  readonly owner: string;
  /** Entries of the cache. Default: separate ones. */
  readonly sessionEntries?: SessionEntries | undefined;
  readonly now: Clock;
}

/** A session as its cookies contain it. */
type EncryptedSession = Pick<ChunkedValue, 'text' | 'generation'>;

/** Encrypts sessions for their cookies, and decrypts them with a cache. */
export interface SessionEncryption {
  /**
   * Encrypts a state. The result contains the generation and the encrypted text.
   *
   * @param options `lifetime`: seconds until the session expires
   */
  encrypt(state: SessionState, options: { readonly lifetime: number }): Promise<string>;
  /** Divides an encrypted session into its generation and its text. */
  split(sealedSession: string): EncryptedSession;
  /** Counts the characters of the encrypted text with this state. */
  measure(state: SessionState): number;
  /** Finds the state of a session in the cache, or decrypts it. `undefined`: malformed, expired or of another application. */
  decrypt(session: EncryptedSession): Promise<SessionState | undefined> | SessionState | undefined;
  /** Decrypts a session that this application has written, whether or not it has expired. */
  decryptExpired(session: EncryptedSession): Promise<SessionState | undefined>;
  getCacheStatistics(): SessionCacheStatistics;
}

export function createSessionEncryption({
  jar,
  sealer,
  owner,
  sessionEntries,
  now,
}: SessionEncryptionOptions): SessionEncryption {
  const cache = createSessionCache(now, sessionEntries);
  const pack = (state: SessionState, generation: string) => ({
    ...packState(setCookieScope(state, jar.scope)),
    generation,
  });

  async function decryptAndCache({ text, generation }: EncryptedSession): Promise<SessionState | undefined> {
    const payload = await sealer.decrypt(text, seconds(now));
    // Every chunk contains the generation unencrypted. The encrypted copy must match.
    if (payload?.generation !== generation) return undefined;
    const state = unpackState(payload, owner);
    if (state) cache.add({ text, generation, expiresAt: payload.exp, state });
    return state;
  }

  return {
    async encrypt(state, { lifetime }) {
      const generation = createRandomToken().slice(0, 8);
      const issuedAt = seconds(now);
      const times = { issuedAt, expiresAt: issuedAt + lifetime };
      return `${generation}~${await sealer.encrypt(pack(state, generation), times)}`;
    },
    split(sealedSession) {
      const at = sealedSession.indexOf('~');
      return { generation: sealedSession.slice(0, at), text: sealedSession.slice(at + 1) };
    },
    measure: (state) => sealer.measure(pack(state, 'generati')),
    decrypt(session) {
      const cachedState = cache.find(session.text, session.generation);
      return cachedState === undefined ? decryptAndCache(session) : (cachedState ?? undefined);
    },
    async decryptExpired({ text, generation }) {
      const payload = await sealer.decrypt(text, 0);
      return payload?.generation === generation ? unpackState(payload, owner) : undefined;
    },
    getCacheStatistics: () => cache.getStatistics(),
  };
}
