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
 * Parses a `Cookie` header. A pair without a name, or with a name that is not a token, is ignored: no cookie of this
 * library has such a name. A name that occurs twice has no value: one of the two may have been planted from a sibling
 * domain or another path (RFC 6265 section 8.6).
 */
export function parseCookies(header: string | null | undefined): RequestCookies {
  const cookies = new Map<string, string | undefined>();
  for (const pair of splitPairs(header)) {
    const name = readName(pair);
    if (!isToken(name)) continue;
    cookies.set(name, cookies.has(name) ? undefined : trimWhiteSpace(pair.slice(pair.indexOf('=') + 1)));
  }
  return cookies;
}

/** RFC 9110 section 5.6.2; RFC 6265 section 4.1.1 allows nothing else in a cookie's name. */
const isToken = (text: string) => /^[\w!#$%&'*+.^`|~-]+$/.test(text);

/** RFC 6265 section 4.1.1, `cookie-octet`: no white space, quotation mark, comma, semicolon, backslash or control. */
const isCookieValue = (text: string) => /^[!#-+\--:<-[\]-~]*$/.test(text);

const splitPairs = (header: string | null | undefined): string[] => (header ?? '').split(';');

/** The name of a pair; empty when it has none. */
const readName = (pair: string): string => trimWhiteSpace(pair.slice(0, Math.max(pair.indexOf('='), 0)));

/**
 * Removes SP and HTAB at both ends, as browsers do before they check the prefix of a name (RFC 6265bis section 5.6).
 * `String.prototype.trim` removes U+00A0 and others too: `<A0>__Host-session`, which a sibling host can set, would
 * become `__Host-session`.
 */
function trimWhiteSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhiteSpace(text.charCodeAt(start))) start++;
  while (end > start && isWhiteSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isWhiteSpace = (code: number) => code === 0x20 || code === 0x09;

/** One `Set-Cookie` header value. */
export function serializeCookie({ name, value, ...attributes }: CookieToSet): string {
  return stringifySetCookie({ name, value, ...attributes }, { encode: (text) => text });
}

/** The `Cookie` header after the browser has taken these cookies. */
export function applyCookies(header: string | null | undefined, cookies: readonly CookieToSet[]): string {
  const changed = new Set(cookies.map(({ name }) => name));
  const kept = splitPairs(header)
    .map(trimWhiteSpace)
    .filter((pair) => pair !== '' && !changed.has(readName(pair)));
  const added = cookies.filter(({ maxAge }) => maxAge > 0).map(({ name, value }) => `${name}=${value}`);
  return [...kept, ...added].join('; ');
}

/**
 * The `Cookie` header of a request, with what was set and deleted while it is answered; a name that came twice stays twice.
 *
 * A framework decodes the values that it lists, and what it lists may have been planted by a sibling host. A cookie that
 * cannot stand in a `Cookie` header as it is (RFC 6265 section 4.1.1) is left out: `x=%3B%20session%3Dvalue` would
 * become a cookie with the name `session`.
 *
 * @param now the cookies as they are now, in the list of a framework that knows what was set
 */
export function updateCookieHeader(
  header: string | null | undefined,
  now: readonly { readonly name: string; readonly value: string }[],
): string {
  const sent = splitPairs(header)
    .map(trimWhiteSpace)
    .filter((pair) => pair !== '');
  // Next lists `name` without "=" as a cookie of that name with the value "true".
  const known = new Set(sent.map((pair) => (pair.includes('=') ? pair : `${pair}=true`)));
  const changed = now.filter(({ name, value }) => !known.has(`${name}=${value}`));
  const unchanged = new Set(now.map(({ name }) => name));
  for (const { name } of changed) unchanged.delete(name);
  const kept = sent.filter((pair) => unchanged.has(readName(pair)));
  const added = changed.filter(({ name, value }) => isToken(name) && isCookieValue(value));
  return [...kept, ...added.map(({ name, value }) => `${name}=${value}`)].join('; ');
}
