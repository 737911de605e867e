import { exchangeCode } from '../../client/grants/code-exchange.ts';
import { validateAuthorizationResponse } from '../../client/login/authorization-response.ts';
import { fetchUserinfo } from '../../client/resources/userinfo.ts';
import { AuthorizationServerError, ValidationError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import { parseJwtPart } from '../../internal/json/jwt-part.ts';
import { createTokenSet, type TokenSet } from '../../tokens/token-set.ts';
import { type CookieToSet, parseCookies, type RequestCookies } from '../cookies/cookies.ts';
import { readForm } from '../http/request-checks.ts';
import { redirect } from '../http/responses.ts';
import type { SessionContext } from '../options.ts';
import { afterLogin } from './login.ts';
import { type LoginTransaction, recallLogin } from './login-transactions.ts';
import { startSession } from './start-session.ts';
import { runLoginOnce } from './used-logins.ts';

/** Counts the logins that were started anew on their own, so that they never go round in circles. */
const retryCookie = 'login-retry';
/** Seconds for which one such login counts. */
const retryLife = 120;

/**
 * `GET` or `POST /auth/callback`: where the provider sends the user back to.
 *
 * @throws ValidationError, AuthorizationServerError, TransportError when the login failed;
 *   `forget` of the thrown {@link CallbackFailure} holds the cookies that must be deleted
 */
export async function callbackRoute(context: SessionContext, request: Request): Promise<Response> {
  const received = request.method === 'POST' ? await readForm(request) : new URL(request.url).searchParams;
  const existing = parseCookies(request.headers.get('cookie'));
  const state = stateOf(received);
  const { login, forget } = await recallLogin(context, state, existing);
  try {
    const cookies = await completeLogin(context, received, login, existing);
    const done = existing.has(context.jar.nameOf(retryCookie))
      ? [context.jar.make(retryCookie, '', { maxAge: 0 })]
      : [];
    return redirect(login?.returnTo ?? afterLogin(context), [...cookies, ...forget, ...done]);
  } catch (error) {
    // With the form of another site no browser sends a Lax cookie; with the navigation that follows it does.
    // Who is signed in, and whether a login was started anew before, is seen there.
    if (request.method === 'POST' && isStale(error)) {
      return redirect(`${context.paths.callback}?${new URLSearchParams({ state: state.slice(0, 200) })}`);
    }
    const healed = isStale(error) ? await heal(context, login, existing) : undefined;
    if (healed) return redirect(healed.location, [...forget, ...healed.cookies]);
    throw new CallbackFailure(error, forget);
  }
}

/** Why a callback failed, with the cookies that must go whatever is shown to the user. */
export class CallbackFailure extends Error {
  readonly error: unknown;
  readonly forget: readonly CookieToSet[];

  constructor(error: unknown, forget: readonly CookieToSet[]) {
    super('The login failed.');
    this.error = error;
    this.forget = forget;
  }
}

async function completeLogin(
  context: SessionContext,
  received: URLSearchParams | undefined,
  login: LoginTransaction | undefined,
  existing: RequestCookies,
): Promise<readonly CookieToSet[]> {
  if (!received) throw new ValidationError('request_invalid', 'form', 'The answer is not a form.');
  if (!login) {
    throw new ValidationError(
      'transaction_invalid',
      'state',
      'No login with this state is under way in this browser.',
    );
  }
  const { client, now } = context;
  const { answer, askedAt } = await runLoginOnce(context, login, async () => {
    const response = await validateAuthorizationResponse(client, received, login.transaction);
    const asked = now() / 1000;
    return { answer: await exchangeCode(client, response, login.transaction), askedAt: asked };
  });
  const tokens = createTokenSet(answer, seconds(now), { resource: context.resource });
  const userinfo = await userinfoOf(context, tokens);
  return (await startSession(context, existing, tokens, { userinfo, askedAt })).cookies;
}

async function userinfoOf({ client, options }: SessionContext, tokens: TokenSet) {
  const accessToken = tokens.accessTokens[0]?.accessToken;
  if (!options.userinfo || !tokens.claims || accessToken === undefined) return undefined;
  return { ...(await fetchUserinfo(client, accessToken, tokens.claims.sub)) };
}

/** The state, also where the answer is signed: there it is read before anything is verified, and only names a cookie. */
function stateOf(received: URLSearchParams | undefined): string {
  const plain = received?.get('state');
  if (plain !== null && plain !== undefined) return plain;
  const payload = received?.get('response')?.split('.')[1] ?? '';
  try {
    const { state } = parseJwtPart(payload, {
      createError: (_, problem) => new Error(problem),
      equalRepeats: true,
    });
    return typeof state === 'string' ? state : '';
  } catch {
    return '';
  }
}

/** True for an answer that came twice or late; it says nothing against the user. */
function isStale(error: unknown): boolean {
  if (error instanceof ValidationError)
    return error.code === 'transaction_invalid' && error.check !== 'issuer';
  return (
    error instanceof AuthorizationServerError &&
    error.code === 'token_error' &&
    error.error === 'invalid_grant'
  );
}

/**
 * Back button, double click, a tab left open over night: who is signed in goes on to where they wanted to go.
 * Who is not, and did start a login in this browser, gets one more, once.
 */
async function heal(context: SessionContext, login: LoginTransaction | undefined, existing: RequestCookies) {
  const live = await context.backend.load(existing).catch(() => undefined);
  if (live) return { location: login?.returnTo ?? afterLogin(context), cookies: [] };
  if (!login || existing.has(context.jar.nameOf(retryCookie))) return undefined;
  const location = `${context.paths.login}?${new URLSearchParams({ returnTo: login.returnTo })}`;
  return { location, cookies: [context.jar.make(retryCookie, '1', { maxAge: retryLife, sameSite: 'lax' })] };
}
