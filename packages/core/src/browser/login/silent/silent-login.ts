import { AuthorizationServerError, LoginRequiredError, TransportError } from '../../../errors.ts';
import { isDevelopment } from '../../../internal/development.ts';
import { createSingleFlight } from '../../../internal/single-flight.ts';
import type { BrowserContext } from '../../options.ts';
import { reportLoginFailure } from '../../report-failure.ts';
import {
  createLoginEndedError,
  findHolder,
  isSameHolder,
  type LoginHolder,
} from '../../state/login-holder.ts';
import type { LoginStore } from '../../state/login-store.ts';
import type { SilentLoginRequest } from '../../wanted-token.ts';
import { createAuthorizationRequest } from '../authorization-request.ts';
import { completeLogin, type LoginAttempt } from '../complete-login.ts';
import { openSilentFrame } from './silent-frame.ts';

/** Errors of a login that needs a page of the provider, where a user may be signed in (OpenID Connect Core section 3.1.2.6). */
const interactionErrors = /^(consent|interaction|account_selection)_required$/;

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
 * The calls of one login run one after the other, so that it has one frame at a time.
 *
 * @returns false if that user, or any user, has no session at the provider, or the client has no silent login
 * @throws LoginRequiredError `interaction_required` if the provider has to show a page, for example to ask for consent.
 *   `session_ended` if the login has ended, or is another one
 */
export type SilentLogin = (holder: LoginHolder | undefined, options?: SilentLoginOptions) => Promise<boolean>;

/** @param onSuccess called after a silent login, whose tokens are stored */
export function createSilentLogin(
  context: BrowserContext,
  store: LoginStore,
  { onSuccess }: { readonly onSuccess: () => void },
): SilentLogin {
  const { http } = context;
  const { silentRedirectUri, idTokenHint: isHintSent = true } = context.options;
  const flight = createSingleFlight<boolean>();
  /** The last silent login of each login and generation. */
  const queues = new Map<string, Promise<boolean>>();

  /**
   * Waits for the previous run of this queue. If the provider was unavailable, the runs that wait fail with the same error.
   * Runs of an earlier generation do not delay those of a later login.
   */
  function enqueue(name: string, run: () => Promise<boolean>): Promise<boolean> {
    const result = (queues.get(name) ?? Promise.resolve()).then(run, (error) => {
      if (error instanceof TransportError) throw error;
      return run();
    });
    queues.set(name, result);
    const remove = () => void (queues.get(name) === result && queues.delete(name));
    result.then(remove, remove);
    return result;
  }

  async function run(
    redirectUri: string,
    {
      tokenRequest,
      generation,
      ...request
    }: Pick<LoginAttempt, 'generation' | 'startedAt' | 'holder'> & {
      readonly tokenRequest: SilentLoginRequest;
    },
  ): Promise<boolean> {
    // A logout or another login came while this run waited.
    if (generation !== store.getGeneration()) throw createLoginEndedError();
    const { holder } = request;
    const previousTokens = await store.read();
    // The provider has ended the login while this run waited.
    if (holder && !isSameHolder(holder, findHolder(previousTokens))) throw createLoginEndedError();
    const attempt = {
      ...request,
      generation,
      previousTokens,
      isVisible: false,
      tokenRequest,
    };
    const authorize = async (idTokenHint?: string) => {
      const { url, transaction } = await createAuthorizationRequest(context, {
        redirectUri,
        returnTo: '/',
        prompt: 'none',
        ...(tokenRequest.resource !== undefined && { resource: tokenRequest.resource }),
        ...(tokenRequest.scope !== undefined && { scope: tokenRequest.scope }),
        idTokenHint,
      });
      const parameters = await openSilentFrame(url, redirectUri, http.timeout);
      if (!parameters) return false;
      await completeLogin(context, store, { parameters, transaction, ...attempt });
      onSuccess();
      return true;
    };
    // The provider logs in this user or none (OpenID Connect Core section 3.1.2.1).
    const hint = holder && isHintSent ? previousTokens?.idToken : undefined;
    try {
      return await authorize(hint).catch((error) => {
        // The provider no longer has the key of the hint, or supports no hints. The `sub` is compared in any case.
        if (hint && (error as AuthorizationServerError).error === 'invalid_request') return authorize();
        throw error;
      });
    } catch (error) {
      const providerError = error instanceof AuthorizationServerError ? error : undefined;
      if (providerError?.error === 'login_required') return false;
      if (providerError && interactionErrors.test(providerError.error))
        throw createInteractionError(providerError);
      // A logout, another login or another user came first.
      if (!(error instanceof LoginRequiredError)) reportLoginFailure(context, error);
      throw error;
    }
  }

  return async (holder, { startedAt = store.readClock(), ...tokenRequest } = {}) => {
    if (silentRedirectUri === undefined) return false;
    const generation = store.getGeneration();
    // The keys contain the generation: a login that began before a logout does not serve later calls.
    const name = JSON.stringify([holder, generation]);
    return flight(JSON.stringify([name, tokenRequest.resource, tokenRequest.scope]), () =>
      enqueue(name, () => run(silentRedirectUri, { holder, generation, startedAt, tokenRequest })),
    );
  };
}

const createInteractionError = ({ error }: AuthorizationServerError) =>
  new LoginRequiredError(
    'interaction_required',
    isDevelopment ? 'The provider has to show a page before it issues this token. Log in again.' : '',
    { error },
  );
