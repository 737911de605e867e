import { type AccessToken, ConfigurationError } from '@countersign/core';
import {
  applyCookies,
  type RequestSession,
  type Session,
  type SessionTokenRequest,
} from '@countersign/core/session';
import { cookies, headers } from 'next/headers.js';
import { redirect } from 'next/dist/client/components/redirect.js';
import type { Resolved } from './options.ts';
import { pathHeader } from './proxy.ts';

type CookieStore = Awaited<ReturnType<typeof cookies>>;

/** The session of the request that is being answered, wherever in the App Router this runs. */
export async function openHere(
  resolve: () => Resolved,
): Promise<{ opened: RequestSession; save: () => void }> {
  // Dynamic data first: with Cache Components, time and random values may be used only after it.
  const store = await requestData(cookies);
  const raw = (await requestData(headers)).get('cookie');
  const writable = canSetCookies(store);
  const opened = await resolve().sessions.open(currentCookies(raw, store), { writable });
  return { opened, save: () => writable && saveCookies(opened, store) };
}

export async function getSessionHere(resolve: () => Resolved): Promise<Session | undefined> {
  return (await openHere(resolve)).opened.session;
}

/** Sends who is not signed in to the login, and back to this page afterwards. */
export async function requireSessionHere(
  resolve: () => Resolved,
  returnTo: string | undefined,
): Promise<Session> {
  const session = await getSessionHere(resolve);
  if (session) return session;
  const { paths } = resolve().sessions;
  // The proxy says which page this is; without one the user lands where logins usually end.
  const target = returnTo ?? (await headers()).get(pathHeader) ?? undefined;
  redirect(
    target === undefined ? paths.login : `${paths.login}?${new URLSearchParams({ returnTo: target })}`,
  );
}

export async function getAccessTokenHere(
  resolve: () => Resolved,
  request: SessionTokenRequest,
): Promise<AccessToken> {
  const { opened, save } = await openHere(resolve);
  try {
    return await opened.getAccessToken(request);
  } finally {
    save();
  }
}

export function saveCookies(opened: RequestSession, store: CookieStore): void {
  for (const { name, value, ...attributes } of opened.cookies) store.set(name, value, attributes);
}

/** Other people's session would be cached under everybody's key: say so in words that help. */
async function requestData<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Error) || 'digest' in error || !/use cache|unstable_cache/.test(error.message))
      throw error;
    throw new ConfigurationError(
      'wrong_context',
      'The session was read inside "use cache", where one user would be given what belongs to another. Read it outside and pass what you need as an argument, or use "use cache: private".',
    );
  }
}

/**
 * Whether a cookie can still be set: in an action or route handler, not while a page is rendered.
 * Next does not say; it answers a call without arguments with a TypeError where it would have set a cookie,
 * and with an error of its own where it would not.
 */
function canSetCookies(store: CookieStore): boolean {
  try {
    (store.set as () => void)();
  } catch (error) {
    return error instanceof TypeError;
  }
  return true;
}

/** The request's cookies, with what this request itself has set so far; a name that came twice stays twice. */
function currentCookies(raw: string | null, store: CookieStore): string {
  const pairs = (raw ?? '').split(';').map((pair) => pair.trim());
  const now = store.getAll();
  const changed = now.filter(({ name, value }) => !pairs.includes(`${name}=${value}`));
  const gone = pairs
    .map((pair) => pair.slice(0, pair.indexOf('=')))
    .filter((name) => !now.some((each) => each.name === name));
  const common = { httpOnly: true, secure: true, sameSite: 'lax', path: '/' } as const;
  return applyCookies(raw, [
    ...changed.map(({ name, value }) => ({ name, value, maxAge: 1, ...common })),
    ...gone.map((name) => ({ name, value: '', maxAge: 0, ...common })),
  ]);
}
