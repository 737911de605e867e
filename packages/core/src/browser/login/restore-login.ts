import { seconds } from '../../internal/clock.ts';
import type { BrowserContext } from '../options.ts';
import { findHolder, hasValidToken, type StoredTokenSet } from '../state/login-holder.ts';
import type { LoginStore } from '../state/login-store.ts';
import type { SilentLogin } from './silent-login.ts';

/** Times in milliseconds since the epoch. */
export interface RestoreTimes {
  /** When the operation that restores the login began. A later logout in any tab ends a silent login. Default: now. */
  readonly startedAt?: number;
  /** There is no silent login after a logout since this time. Default: `startedAt`. */
  readonly noLogoutSince?: number;
}

/** Restores the stored login, or else tries a silent login of the same user. */
export type RestoreLogin = (times?: RestoreTimes) => Promise<void>;

/** The operations that a restored login needs. */
export interface RestoreLoginOptions {
  readonly silentLogin: SilentLogin;
  /** Deletes the tokens of a login that has ended. */
  readonly endLogin: (tokens: StoredTokenSet | undefined) => Promise<void>;
}

export function createRestoreLogin(
  { now }: BrowserContext,
  store: LoginStore,
  { silentLogin, endLogin }: RestoreLoginOptions,
): RestoreLogin {
  return async function restore({
    startedAt = store.readClock(),
    noLogoutSince = startedAt,
  } = {}): Promise<void> {
    const generation = store.getGeneration();
    const isUnchanged = () => generation === store.getGeneration();
    const tokens = await store.read();
    let isRestored = true;
    try {
      if (isUnchanged()) {
        if (tokens && (tokens.refreshToken || hasValidToken(tokens, seconds(now))))
          return store.publishTokens(tokens);
        isRestored =
          !store.isLoggedOutSince(noLogoutSince) && (await silentLogin(findHolder(tokens), { startedAt }));
      }
    } catch (error) {
      if (isUnchanged()) throw error;
    }
    // A login or a logout happened meanwhile. The snapshot shows it, unless the status is still unknown.
    if (!isUnchanged())
      return store.snapshot().status === 'loading' ? restore({ startedAt, noLogoutSince }) : undefined;
    if (!isRestored) await endLogin(tokens);
  };
}
