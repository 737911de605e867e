import { type AccessToken, ConfigurationError } from '@countersign/core';
import {
  applyCookies,
  type RequestSession,
  type Session,
  type SessionTokenRequest,
} from '@countersign/core/session';
import { redirect } from 'next/dist/client/components/redirect.js';
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js';
import { cookies, headers } from 'next/headers.js';
import { connection } from 'next/server.js';
import type { Resolved } from './options.ts';
import { pathHeader } from './proxy.ts';

type CookieStore = Awaited<ReturnType<typeof cookies>>;

/** The session of the request that is being answered, wherever in the App Router this runs. */
export async function openHere(
  resolve: () => Resolved,
): Promise<{ opened: RequestSession; save: () => void }> {
  await waitForRequest();
  const store = await cookies();
  const raw = (await headers()).get('cookie');
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

/** What Next is doing: answering a request, or filling a cache. */
const scope = () => (workUnitAsyncStorage.getStore() as { readonly type?: string } | undefined)?.type;

/**
 * Waits for a real request: a session is looked up in time, and a page that is rendered ahead has none.
 *
 * @throws ConfigurationError inside a shared cache
 */
async function waitForRequest(): Promise<void> {
  const current = scope();
  if (current === 'cache' || current === 'unstable-cache') {
    throw new ConfigurationError(
      'wrong_context',
      'The session was read inside "use cache", where one user would be given what belongs to another. Read it outside and pass what you need as an argument, or use "use cache: private".',
    );
  }
  // A private cache belongs to one browser; it may read cookies, and must not wait.
  if (current !== 'private-cache') await connection();
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
