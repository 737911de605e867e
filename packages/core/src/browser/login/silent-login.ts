import { AuthorizationServerError } from '../../errors.ts';
import { createSingleFlight } from '../../internal/single-flight.ts';
import type { BrowserContext } from '../options.ts';
import type { KeptLogin } from '../state/kept-login.ts';
import type { LoginHolder } from '../state/login-holder.ts';
import { createAuthorization } from './authorization.ts';
import { completeLogin } from './complete-login.ts';
import { runInFrame } from './silent-frame.ts';

/** Answers of a silent login that mean: no user is signed in (OpenID Connect Core section 3.1.2.6). */
const notSignedIn = /^(login|consent|interaction|account_selection)_required$/;

/**
 * Logs in without a visible page, where the provider still knows the user. With a holder no other user is accepted,
 * and the login that is kept must still be the holder's.
 *
 * @returns a function that resolves to false when the provider does not know that user, or any user
 */
export function createSilentLogin(
  context: BrowserContext,
  login: KeptLogin,
): (holder: LoginHolder | undefined) => Promise<boolean> {
  const { options, http } = context;
  const { silentRedirectUri, idTokenHint: sendsHint = true } = options;
  const flight = createSingleFlight<boolean>();

  async function run(returnUri: string, holder: LoginHolder | undefined): Promise<boolean> {
    const attempt = { begun: login.generation(), before: await login.read(), holder, isVisible: false };
    const ask = async (idTokenHint?: string) => {
      const { url, transaction } = await createAuthorization(context, {
        redirectUri: returnUri,
        returnTo: '/',
        prompt: 'none',
        idTokenHint,
      });
      const parameters = await runInFrame(url, returnUri, http.timeout);
      if (parameters) await completeLogin(context, login, { parameters, transaction, ...attempt });
      return parameters !== undefined;
    };
    // For this user, or for none (OpenID Connect Core section 3.1.2.1).
    const hint = holder && sendsHint ? attempt.before?.idToken : undefined;
    try {
      return await ask(hint).catch((error) => {
        // The provider no longer has its key, or supports no hints. The `sub` of the answer is compared anyway.
        if (hint && (error as AuthorizationServerError).error === 'invalid_request') return ask();
        throw error;
      });
    } catch (error) {
      if (error instanceof AuthorizationServerError && notSignedIn.test(error.error)) return false;
      throw error;
    }
  }

  return async (holder) =>
    silentRedirectUri !== undefined &&
    // The generation is in the key: after a logout, a login that began before it answers no further call.
    flight(JSON.stringify([holder, login.generation()]), () => run(silentRedirectUri, holder));
}
