import type { BrowserAuth } from '@countersign/core/browser';
import type { AuthClient } from '../inject-auth.ts';
import { type AllowedApi, findAmbiguity, parseUrl } from '../interceptor/allow-list.ts';

// These functions are called only if `ngDevMode` is set, so production builds omit this file.

let hasWarned = false;

/** Warns once if no client has an allow-list, because then no request gets a token. */
export function warnAboutMissingAllowList(clients: readonly AuthClient[]): void {
  if (hasWarned || clients.some(({ apis }) => apis() === undefined || apis()?.length)) return;
  hasWarned = true;
  console.error(
    "authInterceptor: no request gets an access token, because `apis` is empty. Add an entry: provideAuth({ ..., apis: [{ url: 'https://api.example.com' }] }).",
  );
}

/** Warns about a request that gets no token only because servers interpret its path differently. */
export function warnAboutAmbiguousPath(
  clients: readonly AuthClient[],
  requestUrl: string,
  base: string | undefined,
): void {
  const url = parseUrl(requestUrl, base);
  const ambiguity = url && findAmbiguity(url);
  if (!ambiguity) return;
  const entry = clients
    .flatMap(({ apis }) => apis() ?? [])
    .find(({ origin }) => origin === url.origin)?.entry;
  if (!entry) return;
  console.warn(
    `authInterceptor: ${url.origin}${url.pathname} gets no access token, because servers interpret ${JSON.stringify(ambiguity)} in a path differently. Only an entry of the whole origin matches such a path: { url: '${url.origin}' }.`,
  );
}

/**
 * Warns after each login: on the callback page, in a window and in a native app.
 *
 * @param defaultResource the resource server to which the granted scopes of a login belong
 */
export function warnAfterLogins(
  { snapshot, subscribe }: Pick<BrowserAuth, 'snapshot' | 'subscribe'>,
  apis: readonly AllowedApi[],
  defaultResource: string | undefined,
): void {
  let checkedLogin: string | undefined;
  const check = () => {
    const { scopes, holder } = snapshot();
    const login = JSON.stringify([holder, scopes]);
    if (!scopes || login === checkedLogin) return;
    checkedLogin = login;
    warnAboutMissingScopes(apis, scopes, defaultResource);
  };
  subscribe(check);
  check();
}

/**
 * Warns if the provider did not grant the scope of an entry: its requests would fail. The scopes of another resource server
 * are known only when its token is requested.
 *
 * @param scopes the granted scopes of the default resource
 */
export function warnAboutMissingScopes(
  apis: readonly AllowedApi[],
  scopes: readonly string[],
  defaultResource?: string,
): void {
  for (const { entry } of apis) {
    if (entry.resource !== undefined && entry.resource !== defaultResource) continue;
    const missing = (entry.scope ?? '').split(' ').filter((scope) => scope !== '' && !scopes.includes(scope));
    if (missing.length === 0) continue;
    console.warn(
      `provideAuth: the provider did not grant the scope "${missing.join(' ')}" of the entry "${entry.url}" of apis. Granted: "${scopes.join(' ')}". Allow it for the client at the provider.`,
    );
  }
}

/** Warns about entries that send tokens unencrypted, that cover the whole application, or that never match. */
export function warnAboutRiskyEntries(apis: readonly AllowedApi[], base: string): void {
  const application = new URL(base);
  apis.forEach((api, index) => {
    const { entry, origin, segments } = api;
    const warn = (reason: string) => console.warn(`provideAuth: the entry "${entry.url}" of apis ${reason}`);
    const { protocol, hostname } = new URL(origin);
    // RFC 6750 section 5.3: tokens are sent over TLS only.
    if (protocol === 'http:' && !/^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)) {
      warn('sends tokens unencrypted. Use https.');
    }
    if (origin === application.origin && segments.length === 0) {
      warn('matches every request to this application. Add the path of the API.');
    }
    const earlier = apis.slice(0, index).find((other) => coversAll(other, api));
    if (earlier) {
      warn(`never matches, because "${earlier.entry.url}" precedes it. Put the more specific entry first.`);
    }
  });
}

const coversAll = (one: AllowedApi, other: AllowedApi) =>
  one.origin === other.origin &&
  one.except.length === 0 &&
  one.segments.every((segment, index) => segment === other.segments[index]) &&
  (one.methods?.length
    ? (other.methods?.every((method) => one.methods?.includes(method)) ?? false)
    : one.methods === undefined);
