import type { AuthError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import type { BrowserContext } from '../options.ts';
import { reportLoginFailure } from '../report-failure.ts';
import { findHolder, hasValidToken, type LoginHolder, type StoredTokenSet } from '../state/login-holder.ts';
import type { LoginStore } from '../state/login-store.ts';
import type { SilentLogin } from './silent/silent-login.ts';

/** Times in milliseconds since the epoch. */
export interface RestoreTimes {
  /** When the operation that restores the login began. A later logout in any tab ends a silent login. Default: now. */
  readonly startedAt?: number;
  /** Without stored tokens, there is no silent login after a logout since this time. Default: `startedAt`. */
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
  context: BrowserContext,
  store: LoginStore,
  { silentLogin, endLogin }: RestoreLoginOptions,
): RestoreLogin {
  const { now, resources } = context;

  /** A silent login reports its own failures. */
  const readTokens = () =>
    store.read().catch((error: unknown) => {
      reportLoginFailure(context, error);
      throw error;
    });

  /** A provider may require an interaction for one of several resource servers. The first is that of the login. */
  async function restoreSilently(holder: LoginHolder | undefined, startedAt: number): Promise<boolean> {
    const catchInteraction = (error: unknown) => {
      if ((error as AuthError).code !== 'interaction_required') throw error;
      return false;
    };
    try {
      return await silentLogin(holder, { startedAt });
    } catch (error) {
      catchInteraction(error);
      const [resource, ...others] = resources;
      if (others.length === 0) return false;
      return silentLogin(holder, { startedAt, resource }).catch(catchInteraction);
    }
  }

  return async function restore({
    startedAt = store.readClock(),
    noLogoutSince = startedAt,
  } = {}): Promise<void> {
    const generation = store.getGeneration();
    const isUnchanged = () => generation === store.getGeneration();
    const tokens = await readTokens();
    let isRestored = true;
    try {
      if (isUnchanged()) {
        if (tokens && (tokens.refreshToken || hasValidToken(tokens, seconds(now))))
          return store.publishTokens(tokens);
        // Tokens that were found are those of a login after the last logout.
        const isAllowed = !store.isLoggedOutSince(tokens ? startedAt : noLogoutSince);
        isRestored = isAllowed && (await restoreSilently(findHolder(tokens), startedAt));
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
