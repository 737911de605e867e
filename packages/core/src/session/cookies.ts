import { stringifySetCookie } from 'cookie';

/** How the session's cookies are written. */
export interface CookieSettings {
  /** Default: `session`. */
  readonly name?: string;
  /** Default: `lax`. */
  readonly sameSite?: 'lax' | 'strict' | 'none';
  /** Shares the cookie with sub-domains, at the price of the `__Host-` name. Default: this host alone. */
  readonly domain?: string;
  /** Default: `/`. Another path, too, costs the `__Host-` name. */
  readonly path?: string;
}

/** A cookie to be set; its attributes are those of {@link CookieJar}. */
export interface CookieToSet {
  readonly name: string;
  readonly value: string;
  /** Seconds; 0 deletes the cookie. */
  readonly maxAge: number;
  readonly httpOnly: true;
  readonly secure: boolean;
  readonly sameSite: 'lax' | 'strict' | 'none';
  readonly path: string;
  readonly domain?: string;
}

/** Names and attributes that fit the application's address. */
export interface CookieJar {
  /** The name on the wire. */
  nameOf(name: string): string;
  make(
    name: string,
    value: string,
    options: { readonly maxAge: number; readonly sameSite?: 'lax' | 'none' | undefined },
  ): CookieToSet;
}

/** Cookies of a request, by wire name; a name that came twice has the value `undefined`. */
export type RequestCookies = ReadonlyMap<string, string | undefined>;

export function createCookieJar(baseUrl: URL, settings: CookieSettings): CookieJar {
  const secure = baseUrl.protocol === 'https:';
  const path = settings.path ?? '/';
  // A browser takes a __Host- cookie from this very host over https only, so that no sibling domain and no network
  // attacker can plant one (RFC 6265bis section 4.1.3.2). Over http no browser takes it at all.
  const prefix = !secure ? '' : settings.domain === undefined && path === '/' ? '__Host-' : '__Secure-';
  const nameOf = (name: string) => prefix + name;
  return {
    nameOf,
    make: (name, value, { maxAge, sameSite }) => ({
      name: nameOf(name),
      value,
      maxAge,
      httpOnly: true,
      // SameSite=None is taken with Secure only; browsers allow that on http://localhost as well.
      secure: secure || sameSite === 'none',
      sameSite: sameSite ?? settings.sameSite ?? 'lax',
      path,
      ...(settings.domain !== undefined && { domain: settings.domain }),
    }),
  };
}

/**
 * Parses a `Cookie` header. A name that occurs twice is ambiguous: one of the two may have been planted
 * from a sibling domain or another path, so neither is believed (RFC 6265 section 8.6).
 */
export function parseCookies(header: string | null | undefined): RequestCookies {
  const cookies = new Map<string, string | undefined>();
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at < 1) continue;
    const name = pair.slice(0, at).trim();
    const value = pair.slice(at + 1).trim();
    cookies.set(name, cookies.has(name) ? undefined : value);
  }
  return cookies;
}

/** One `Set-Cookie` header value. */
export function serializeCookie({ name, value, ...attributes }: CookieToSet): string {
  return stringifySetCookie({ name, value, ...attributes }, { encode: (text) => text });
}

/** The `Cookie` header after the browser has taken these cookies. */
export function applyCookies(header: string | null | undefined, cookies: readonly CookieToSet[]): string {
  const changed = new Set(cookies.map(({ name }) => name));
  const kept = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '' && !changed.has(pair.slice(0, Math.max(pair.indexOf('='), 0)).trim()));
  const added = cookies.filter(({ maxAge }) => maxAge > 0).map(({ name, value }) => `${name}=${value}`);
  return [...kept, ...added].join('; ');
}

/**
 * The `Cookie` header of a request, with what was set and deleted while it is answered; a name that came twice stays twice.
 *
 * @param now the cookies as they are now, in the list of a framework that knows what was set
 */
export function updateCookieHeader(
  header: string | null | undefined,
  now: readonly { readonly name: string; readonly value: string }[],
): string {
  const sent = (header ?? '').split(';').map((pair) => pair.trim());
  const changed = now.filter(({ name, value }) => !sent.includes(`${name}=${value}`));
  const unchanged = new Set(now.map(({ name }) => name));
  for (const { name } of changed) unchanged.delete(name);
  const kept = sent.filter((pair) => unchanged.has(pair.slice(0, Math.max(pair.indexOf('='), 0))));
  return [...kept, ...changed.map(({ name, value }) => `${name}=${value}`)].join('; ');
}
