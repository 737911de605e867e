import type {
  AuthorizationRequest,
  AuthorizationTransaction,
} from '../../client/login/authorization-request.ts';
import { seconds } from '../../internal/clock.ts';
import { isJsonObject } from '../../internal/json/json.ts';
import type { SessionContext } from '../context.ts';
import type { CookieToSet, RequestCookies } from '../cookies/cookies.ts';

/** A pending login. Each has a separate cookie, so that logins in two tabs do not interfere. */
export interface LoginTransaction {
  /** `state` is only the random part of the state. */
  readonly transaction: AuthorizationTransaction;
  readonly returnTo: string;
  /** Parameters to repeat if the login is started again. */
  readonly authorization?: Pick<AuthorizationRequest, 'prompt' | 'loginHint' | 'uiLocales' | 'parameters'>;
}

/** Maximum count of pending logins, and maximum characters of their cookies together; the oldest are dropped. */
const maxTransactions = 4;
const maxCharacters = 6000;

/** Seconds. Longer than the login is valid, so that a late response still finds its `returnTo`. */
const cookieLifetime = 86_400;

const prefix = 'login.';

/** The start of the state names the cookie. The state is random, and part of the URL. */
const getCookieName = (state: string) => prefix + state.slice(0, 16);

/** Creates the cookies that store one more pending login. */
export async function saveLogin(
  context: SessionContext,
  login: LoginTransaction,
  existing: RequestCookies,
): Promise<CookieToSet[]> {
  const { jar, loginSealer, now, client } = context;
  const issuedAt = seconds(now);
  const times = { issuedAt, expiresAt: issuedAt + cookieLifetime };
  const value = await loginSealer.encrypt({ ...login }, times);
  // A form_post response is a POST from the provider's site. Browsers do not send Lax cookies with it.
  const sameSite = client.options.responseMode?.startsWith('form_post') ? 'none' : 'lax';
  const name = getCookieName(login.transaction.state);
  const cookie = jar.createCookie(name, value, { maxAge: cookieLifetime, sameSite });
  return [...(await dropOldest(context, existing, value.length)), cookie];
}

/** Finds the pending login with this state, and the cookies that delete it from the browser. */
export async function findLogin(
  context: SessionContext,
  state: string,
  existing: RequestCookies,
): Promise<{ readonly login?: LoginTransaction; readonly deleteCookies: readonly CookieToSet[] }> {
  const { jar, loginSealer, now } = context;
  const name = getCookieName(state);
  const wireName = jar.toWireName(name);
  if (!/^[\w-]{16,}$/.test(state) || !existing.has(wireName)) return { deleteCookies: [] };
  const deleteCookies = [jar.createCookie(name, '', { maxAge: 0 })];
  const login = toLogin(await loginSealer.decrypt(existing.get(wireName) ?? '', seconds(now)));
  // The name contains only the start of the state. The encrypted transaction contains all of it.
  return login?.transaction.state === state ? { login, deleteCookies } : { deleteCookies };
}

async function dropOldest(
  context: SessionContext,
  existing: RequestCookies,
  added: number,
): Promise<CookieToSet[]> {
  const { jar, loginSealer, now } = context;
  const wirePrefix = jar.toWireName(prefix);
  const logins: { readonly name: string; readonly size: number; readonly createdAt: number }[] = [];
  for (const [wireName, value] of existing) {
    // A cookie with another form of name is not from this library: it is neither decrypted nor deleted.
    if (!wireName.startsWith(wirePrefix) || !/^[\w-]{16}$/.test(wireName.slice(wirePrefix.length))) continue;
    const login = toLogin(await loginSealer.decrypt(value ?? '', seconds(now)));
    const name = prefix + wireName.slice(wirePrefix.length);
    logins.push({ name, size: value?.length ?? 0, createdAt: login?.transaction.createdAt ?? 0 });
  }
  logins.sort((a, b) => b.createdAt - a.createdAt);
  let size = added;
  return logins
    .filter((each, index) => {
      size += each.size;
      return each.createdAt === 0 || index >= maxTransactions - 1 || size > maxCharacters;
    })
    .map(({ name }) => jar.createCookie(name, '', { maxAge: 0 }));
}

function toLogin(payload: unknown): LoginTransaction | undefined {
  if (!isJsonObject(payload) || !isJsonObject(payload.transaction) || typeof payload.returnTo !== 'string')
    return undefined;
  return payload as unknown as LoginTransaction;
}
