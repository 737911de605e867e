import { ConfigurationError } from '../../../../errors.ts';
import { seconds } from '../../../../internal/clock.ts';
import { createRandomToken } from '../../../../internal/encoding.ts';
import { isJsonObject } from '../../../../internal/json/json.ts';
import { transactionLifetime } from '../../../../protocol/login/authorization-transaction.ts';
import type { SessionContext } from '../../../context.ts';
import { type ChunkedValue, deleteChunks, readCopies, writeChunks } from '../../../cookies/chunks.ts';
import {
  countBytes,
  countSessionBytes,
  maxCookieBytes,
  maxLoginBytes,
  maxSessionBytes,
} from '../../../cookies/cookie-budget.ts';
import type { CookieToSet, RequestCookies } from '../../../cookies/cookies.ts';
import { reportReturnTo } from '../../../pages/failure-report.ts';
import { countMarkerBytes } from '../login-marker.ts';
import {
  joinPreviousSessions,
  omitRefreshTokens,
  omitStates,
  type PreviousSession,
} from '../previous-sessions.ts';
import type { LoginTransaction } from './pending-login.ts';
import { hasStarted } from './used-logins.ts';

/** Maximum length of a `returnTo` that is worth more than the refresh tokens of the sessions that the login replaces. */
const maxPreferredReturnTo = 1_000;

/** A login that starts. Default of `identifier`: a random one. */
type NewLogin = Omit<LoginTransaction, 'identifier'> & Partial<Pick<LoginTransaction, 'identifier'>>;

/**
 * Seconds for which a copy of the cookie can be decrypted. The browser deletes the cookie earlier, with the transaction;
 * a browser with a slow clock still finds its `returnTo`.
 */
const sealLifetime = 86_400;

/**
 * The start of the state names the cookie. The state is random, and part of the URL. The name of the session cookie keeps
 * the logins of two applications on one host apart.
 */
const getCookieName = ({ loginJar }: SessionContext, state: string) =>
  `${loginJar.name}.login.${state.slice(0, 16)}`;

/**
 * Creates the cookies that store one more pending login. The oldest logins are dropped if they do not fit in the budget of
 * the cookies.
 *
 * @param options `fallback`: where to go after the login if `returnTo` does not fit. Default: `/`.
 * @throws ConfigurationError `cookies_too_large` if the login does not fit beside the session
 */
export async function saveLogin(
  context: SessionContext,
  login: NewLogin,
  existing: RequestCookies,
  { fallback = '/' }: { readonly fallback?: string } = {},
): Promise<CookieToSet[]> {
  const available = getAvailableBytes(context, existing);
  let cookies: CookieToSet[] = [];
  let storedPage = login.returnTo;
  for (const { returnTo, reductions } of listAttempts(login, fallback)) {
    cookies = await createLoginCookies(context, { ...login, returnTo }, existing, { available, reductions });
    storedPage = returnTo;
    if (sumBytes(cookies) <= available) break;
  }
  if (storedPage !== login.returnTo)
    reportReturnTo(context.client.options.onEvent, { reason: 'too_long', length: login.returnTo.length });
  requireLoginSpace(context, { bytes: sumBytes(cookies), available });
  return [...(await dropOldest(context, existing, available - sumBytes(cookies))), ...cookies];
}

/**
 * Creates cookies that delete the oldest pending logins, so that all cookies of the application fit in the budget after a
 * response has set the session's cookies.
 *
 * @param changes the cookies that the response sets
 */
export function dropLogins(
  context: SessionContext,
  existing: RequestCookies,
  changes: readonly CookieToSet[],
): Promise<CookieToSet[]> {
  const available = getAvailableBytes(context, existing, changes);
  return dropOldest(context, omitCookies(existing, changes), available);
}

const omitCookies = (existing: RequestCookies, changes: readonly CookieToSet[]): RequestCookies => {
  const names = new Set(changes.map(({ name }) => name));
  return new Map([...existing].filter(([name]) => !names.has(name)));
};

/**
 * Creates the cookies that update the pending logins after the completion of another one, or drop the oldest as {@link dropLogins} does.
 *
 * @param newSession the session that began, if the browser will not send its cookie with the next authorization response: a
 *   login of another user then ends it
 */
export async function updateLogins(
  context: SessionContext,
  existing: RequestCookies,
  changes: readonly CookieToSet[],
  newSession: PreviousSession | undefined,
): Promise<CookieToSet[]> {
  if (!newSession) return dropLogins(context, existing, changes);
  const available = getAvailableBytes(context, existing, changes);
  const pending = [...(await listLogins(context, omitCookies(existing, changes)))];
  pending.sort((a, b) => b.login.transaction.createdAt - a.login.transaction.createdAt);
  let bytes = 0;
  const cookies: CookieToSet[] = [];
  for (const { login, deleteCookies } of pending) {
    const previousSessions = joinPreviousSessions([newSession], login.previousSessions);
    const updatedCookies = await createLoginCookies(context, { ...login, previousSessions }, existing, {
      available: available - bytes,
    });
    bytes += sumBytes(updatedCookies);
    cookies.push(...(bytes > available ? deleteCookies : updatedCookies));
  }
  return cookies;
}

/** One way to store a login. */
interface Attempt {
  readonly returnTo: string;
  /** How many of {@link listReductions} are tried. Default: all. */
  readonly reductions?: number;
}

/** The complete login. */
const complete = 1;
/** The login, and the same without the refresh tokens of the sessions that it replaces. */
const withoutTokens = 2;

/**
 * Lists what to try until a login fits in its cookies. A long address of a link of another site must not prevent the end of the
 * sessions that the login replaces, or their revocation. It is omitted before their tokens if they fit without it, and before
 * the sessions.
 */
const listAttempts = ({ returnTo, previousSessions }: NewLogin, fallback: string): readonly Attempt[] =>
  returnTo.length > maxPreferredReturnTo && previousSessions?.length
    ? [
        { returnTo, reductions: complete },
        { returnTo: fallback, reductions: complete },
        { returnTo, reductions: withoutTokens },
        { returnTo: fallback },
      ]
    : [{ returnTo }, ...(returnTo === fallback ? [] : [{ returnTo: fallback }])];

function getAvailableBytes(
  context: SessionContext,
  existing: RequestCookies,
  changes: readonly CookieToSet[] = [],
): number {
  const available = maxCookieBytes - countSessionBytes(context.jar, existing, changes);
  return Math.min(maxLoginBytes, available - countMarkerBytes(context));
}

/** Session cookies that a sibling host has planted can be larger than a session. They prevent no login. */
function requireLoginSpace(
  context: SessionContext,
  { bytes, available }: { readonly bytes: number; readonly available: number },
): void {
  const maxBytes = Math.max(available, maxCookieBytes - maxSessionBytes - countMarkerBytes(context));
  if (bytes <= maxBytes) return;
  throw new ConfigurationError(
    'cookies_too_large',
    `The login needs ${bytes} bytes of cookies, expected at most ${maxBytes} beside the session. Use a session store: set the option "store". Or request fewer scopes and resources, or reduce the session.`,
  );
}

/**
 * Creates the cookies of a login, with as much of it as fits in the available bytes.
 *
 * @param options `reductions`: how many of {@link listReductions} are tried. Default: all.
 */
async function createLoginCookies(
  context: SessionContext,
  login: NewLogin,
  existing: RequestCookies,
  { available, reductions }: { readonly available: number; readonly reductions?: number | undefined },
): Promise<CookieToSet[]> {
  let cookies: CookieToSet[] = [];
  for (const reducedLogin of [...listReductions(login)].slice(0, reductions)) {
    cookies = await sealLogin(context, reducedLogin, existing);
    if (sumBytes(cookies) <= available) break;
  }
  return cookies;
}

/** Lists a login with less and less of what it does not need to be completed. A restart still asks for the same `prompt`. */
function* listReductions(login: NewLogin): Generator<NewLogin> {
  yield login;
  const { previousSessions, authorization, ...rest } = login;
  if (previousSessions) yield { ...login, previousSessions: omitRefreshTokens(previousSessions) };
  const keys = previousSessions && omitStates(previousSessions);
  if (keys) yield { ...login, previousSessions: keys };
  const prompt = authorization?.prompt;
  const shortLogin = { ...rest, ...(prompt !== undefined && { authorization: { prompt } }) };
  if (authorization) yield { ...shortLogin, ...(keys && { previousSessions: keys }) };
  // Further sessions can be copies that a sibling host has planted.
  if (keys) yield { ...shortLogin, previousSessions: keys.slice(0, 1) };
}

async function sealLogin(
  context: SessionContext,
  login: NewLogin,
  existing: RequestCookies,
): Promise<CookieToSet[]> {
  const { loginJar, loginSealer, now, client } = context;
  const issuedAt = seconds(now);
  const text = await loginSealer.encrypt(
    { ...login, identifier: login.identifier ?? createRandomToken() },
    { issuedAt, expiresAt: issuedAt + sealLifetime },
  );
  // A form_post response is a POST from the provider's site. Browsers do not send Lax cookies with it.
  const isCrossSite = client.options.responseMode?.startsWith('form_post') || loginJar.sameSite === 'none';
  const value = {
    text,
    generation: createRandomToken().slice(0, 8),
    maxAge: transactionLifetime,
    sameSite: isCrossSite ? ('none' as const) : ('lax' as const),
  };
  return writeChunks(loginJar, getCookieName(context, login.transaction.state), value, existing);
}

/** Finds the pending login with this state, and the cookies that delete it from the browser. */
export async function findLogin(
  context: SessionContext,
  state: string,
  existing: RequestCookies,
): Promise<{ readonly login?: LoginTransaction; readonly deleteCookies: readonly CookieToSet[] }> {
  const { loginJar } = context;
  if (!/^[\w-]{16,}$/.test(state)) return { deleteCookies: [] };
  const name = getCookieName(context, state);
  for (const copy of readCopies(loginJar.toWireName(name), existing)) {
    const login = await decryptLogin(context, copy);
    // A cookie that cannot be decrypted may belong to another application on this host: it is not deleted.
    if (!login) continue;
    const deleteCookies = deleteChunks(loginJar, name, existing);
    // The name contains only the start of the state. The encrypted transaction contains all of it.
    return login.transaction.state === state ? { login, deleteCookies } : { deleteCookies };
  }
  return { deleteCookies: [] };
}

/**
 * Deletes the oldest pending logins until the others have at most `available` bytes. Those whose callback has started stay as
 * long as possible: a logout finds the logins of a browser by their cookies.
 */
async function dropOldest(
  context: SessionContext,
  existing: RequestCookies,
  available: number,
): Promise<CookieToSet[]> {
  const pending = await listLogins(context, existing);
  const logins = pending.map(({ login: { transaction }, deleteCookies }) => ({
    cookies: deleteCookies,
    bytes: sumBytes(deleteCookies.map(({ name }) => ({ name, value: existing.get(name) ?? '' }))),
    ...transaction,
  }));
  if (logins.reduce((bytes, login) => bytes + login.bytes, 0) <= available) return [];
  const candidates = await Promise.all(
    logins.map(async (login) => ({ ...login, isStarted: await hasStarted(context, login.state) })),
  );
  candidates.sort((a, b) => Number(b.isStarted) - Number(a.isStarted) || b.createdAt - a.createdAt);
  let bytes = 0;
  return candidates.flatMap((login) => {
    bytes += login.bytes;
    return bytes > available ? login.cookies : [];
  });
}

/** A pending login of a request, and the cookies that delete it from the browser. */
export interface PendingLogin {
  readonly login: LoginTransaction;
  readonly deleteCookies: CookieToSet[];
}

/** Lists the pending logins of a request. */
export async function listLogins(
  context: SessionContext,
  existing: RequestCookies,
): Promise<readonly PendingLogin[]> {
  const { loginJar } = context;
  const wirePrefix = loginJar.toWireName(getCookieName(context, ''));
  const logins = await Promise.all(
    [...existing.keys()].map(async (wireName) => {
      const state = wireName.slice(wirePrefix.length);
      if (!wireName.startsWith(wirePrefix) || !/^[\w-]{16}$/.test(state)) return [];
      const copies = readCopies(wireName, existing);
      const [login] = (await Promise.all(copies.map((copy) => decryptLogin(context, copy)))).filter(
        (each) => each !== undefined,
      );
      return login
        ? [{ login, deleteCookies: deleteChunks(loginJar, getCookieName(context, state), existing) }]
        : [];
    }),
  );
  return logins.flat();
}

async function decryptLogin(
  { loginSealer, now }: SessionContext,
  { text }: ChunkedValue,
): Promise<LoginTransaction | undefined> {
  return toLogin(await loginSealer.decrypt(text, seconds(now)));
}

const sumBytes = (cookies: readonly { readonly name: string; readonly value: string }[]): number =>
  cookies.reduce((bytes, cookie) => bytes + countBytes(cookie), 0);

function toLogin(payload: unknown): LoginTransaction | undefined {
  if (!isJsonObject(payload) || !isJsonObject(payload.transaction)) return undefined;
  if (typeof payload.returnTo !== 'string' || typeof payload.identifier !== 'string') return undefined;
  return payload as unknown as LoginTransaction;
}
