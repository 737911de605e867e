import { AuthorizationServerError } from '../../errors.ts';
import { createSingleFlight } from '../../internal/single-flight.ts';
import type { BrowserContext } from '../options.ts';
import type { LoginHolder } from '../state/login-holder.ts';
import type { LoginStore } from '../state/login-store.ts';
import type { SilentLoginRequest } from '../wanted-token.ts';
import { createAuthorizationRequest } from './authorization-request.ts';
import { completeLogin } from './complete-login.ts';
import { openSilentFrame } from './silent-frame.ts';

/** Errors of a silent login without a signed-in user (OpenID Connect Core section 3.1.2.6). */
const interactionErrors = /^(login|consent|interaction|account_selection)_required$/;

/** A silent login, and the access token for which it is needed. */
export interface SilentLoginOptions extends SilentLoginRequest {
  /**
   * When the operation that needs it began, in milliseconds since the epoch. A later logout in any tab ends the login, even
   * if this tab receives its message later. Default: now.
   */
  readonly startedAt?: number;
}

/**
 * Logs in without a visible page, if the user has a session at the provider. With a holder, only its user is accepted, and
 * the stored login must still be the holder's. The access tokens of that login for other resource servers are kept.
 *
 * @returns false if that user, or any user, has no session at the provider
 */
export type SilentLogin = (holder: LoginHolder | undefined, options?: SilentLoginOptions) => Promise<boolean>;

export function createSilentLogin(context: BrowserContext, store: LoginStore): SilentLogin {
  const { http } = context;
  const { silentRedirectUri, idTokenHint: isHintSent = true } = context.options;
  const flight = createSingleFlight<boolean>();

  async function run(
    redirectUri: string,
    holder: LoginHolder | undefined,
    { startedAt = store.readClock(), ...wanted }: SilentLoginOptions,
  ): Promise<boolean> {
    const attempt = {
      generation: store.getGeneration(),
      startedAt,
      previousTokens: await store.read(),
      holder,
      isVisible: false,
      wanted,
    };
    const authorize = async (idTokenHint?: string) => {
      const { url, transaction } = await createAuthorizationRequest(context, {
        redirectUri,
        returnTo: '/',
        prompt: 'none',
        ...(wanted.resource !== undefined && { resource: wanted.resource }),
        ...(wanted.scope !== undefined && { scope: wanted.scope }),
        idTokenHint,
      });
      const parameters = await openSilentFrame(url, redirectUri, http.timeout);
      if (parameters) await completeLogin(context, store, { parameters, transaction, ...attempt });
      return parameters !== undefined;
    };
    // The provider logs in this user or none (OpenID Connect Core section 3.1.2.1).
    const hint = holder && isHintSent ? attempt.previousTokens?.idToken : undefined;
    try {
      return await authorize(hint).catch((error) => {
        // The provider no longer has the key of the hint, or supports no hints. The `sub` is compared in any case.
        if (hint && (error as AuthorizationServerError).error === 'invalid_request') return authorize();
        throw error;
      });
    } catch (error) {
      if (error instanceof AuthorizationServerError && interactionErrors.test(error.error)) return false;
      throw error;
    }
  }

  return async (holder, options = {}) =>
    silentRedirectUri !== undefined &&
    // The key contains the generation: a login that began before a logout does not serve later calls.
    flight(JSON.stringify([holder, store.getGeneration(), options.resource, options.scope]), () =>
      run(silentRedirectUri, holder, options),
    );
}
