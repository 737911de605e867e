import type { AuthorizationTransaction } from '../../client/login/authorization-request.ts';
import { seconds } from '../../internal/clock.ts';
import { isJsonObject } from '../../internal/json/json.ts';
import type { CookieToSet, RequestCookies } from '../cookies/cookies.ts';
import type { SessionContext } from '../options.ts';

/** A login under way, in a cookie of its own, so that two tabs do not disturb each other. */
export interface LoginTransaction {
  readonly transaction: AuthorizationTransaction;
  readonly returnTo: string;
}

/** Logins under way at once, and the characters that their cookies may take together; the oldest are dropped. */
const maxTransactions = 4;
const maxCharacters = 6000;

/** Seconds for which the cookie is kept: longer than the login is good for, so that a late answer still finds its way back. */
const cookieLife = 86_400;

const prefix = 'login.';

/** The state is random, and in the URL anyway: its beginning names the cookie. */
const cookieName = (state: string) => prefix + state.slice(0, 16);

/** The cookies that remember one more login. */
export async function rememberLogin(
  context: SessionContext,
  login: LoginTransaction,
  existing: RequestCookies,
): Promise<CookieToSet[]> {
  const { jar, loginSealer, now, client } = context;
  const issuedAt = seconds(now);
  const value = await loginSealer.seal({ ...login }, { issuedAt, expiresAt: issuedAt + cookieLife });
  // The answer of a form_post comes by a POST from the provider's site, with which a Lax cookie is not sent.
  const sameSite = client.options.responseMode?.startsWith('form_post') ? 'none' : 'lax';
  const cookie = jar.make(cookieName(login.transaction.state), value, { maxAge: cookieLife, sameSite });
  return [...(await dropOldest(context, existing, value.length)), cookie];
}

/** The login that an answer with this state belongs to, and the cookie that makes the browser forget it. */
export async function recallLogin(
  context: SessionContext,
  state: string,
  existing: RequestCookies,
): Promise<{ readonly login?: LoginTransaction; readonly forget: readonly CookieToSet[] }> {
  const { jar, loginSealer, now } = context;
  const name = cookieName(state);
  const wireName = jar.nameOf(name);
  if (!/^[\w-]{16,}$/.test(state) || !existing.has(wireName)) return { forget: [] };
  const forget = [jar.make(name, '', { maxAge: 0 })];
  const login = asLogin(await loginSealer.open(existing.get(wireName) ?? '', seconds(now)));
  // The name holds only the beginning of the state; the sealed transaction holds all of it.
  return login?.transaction.state === state ? { login, forget } : { forget };
}

async function dropOldest(
  context: SessionContext,
  existing: RequestCookies,
  added: number,
): Promise<CookieToSet[]> {
  const { jar, loginSealer, now } = context;
  const wirePrefix = jar.nameOf(prefix);
  const found: { readonly name: string; readonly size: number; readonly createdAt: number }[] = [];
  for (const [wireName, value] of existing) {
    // A name of another form is not ours: nothing is decrypted for it, and nothing deletes it.
    if (!wireName.startsWith(wirePrefix) || !/^[\w-]{16}$/.test(wireName.slice(wirePrefix.length))) continue;
    const login = asLogin(await loginSealer.open(value ?? '', seconds(now)));
    const name = prefix + wireName.slice(wirePrefix.length);
    found.push({ name, size: value?.length ?? 0, createdAt: login?.transaction.createdAt ?? 0 });
  }
  found.sort((a, b) => b.createdAt - a.createdAt);
  let size = added;
  return found
    .filter((each, index) => {
      size += each.size;
      return each.createdAt === 0 || index >= maxTransactions - 1 || size > maxCharacters;
    })
    .map(({ name }) => jar.make(name, '', { maxAge: 0 }));
}

function asLogin(payload: unknown): LoginTransaction | undefined {
  if (!isJsonObject(payload) || !isJsonObject(payload.transaction) || typeof payload.returnTo !== 'string')
    return undefined;
  return payload as unknown as LoginTransaction;
}
