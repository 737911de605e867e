import { stringifySetCookie } from 'cookie';
import { type CookieScope, createCookieScope } from './cookie-scope.ts';

/** Settings of the session's cookies. */
export interface CookieSettings {
  /** The name of the session cookie, without prefix. The names of all other cookies begin with it. Default: `session`. */
  readonly name?: string | undefined;
  /** Whether browsers send the session cookie with requests of other sites. Default: `lax`. */
  readonly sameSite?: 'lax' | 'strict' | 'none' | undefined;
  /**
   * Shares the session cookie with all hosts of this domain. It then has no `__Host-` prefix: each of these hosts can also
   * set it, and sign a user in with another account. Cookies of pending logins are not shared: over https the login starts
   * and ends at the host of `baseUrl`. Default: this host only.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6265#section-8.6
   */
  readonly domain?: string | undefined;
  /**
   * The path of the session cookie. It covers the routes and each page that needs a session. With another path than `/`, the
   * cookie has no `__Host-` prefix. Cookies of pending logins keep the
   * path `/` over https. Default: `/`.
   */
  readonly path?: string | undefined;
  /**
   * Stores the cookies separately for each site that embeds the application in a frame (CHIPS). Use it with `sameSite:
   * 'none'`. Such cookies are always `Secure`. Default: false.
   *
   * @see https://developer.mozilla.org/docs/Web/Privacy/Guides/Privacy_sandbox/Partitioned_cookies
   */
  readonly partitioned?: boolean | undefined;
}

/** A cookie that a response must set; see {@link serializeCookie}. */
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
  readonly partitioned?: true;
}

/** Creates cookies with the names and attributes that fit the application's address. */
export interface CookieJar {
  /** The name of the session cookie, without prefix. The names of all other cookies begin with it. */
  readonly name: string;
  readonly sameSite: 'lax' | 'strict' | 'none';
  /** The scope of the cookies that {@link createCookie} creates. */
  readonly scope: CookieScope;
  /**
   * The name with its prefix, as it is sent.
   *
   * @param scope Default: that of the settings
   */
  toWireName(name: string, scope?: CookieScope): string;
  /** The name with the prefixes that it has with other settings of `domain` and `path`. */
  toOtherWireNames(name: string): readonly string[];
  /**
   * The names with all prefixes, first that of {@link toWireName}. A sibling host cannot set a cookie with the prefix
   * `__Host-`, so it is accepted with every setting.
   */
  listWireNames(name: string): { readonly all: readonly string[]; readonly acceptedNames: readonly string[] };
  /** Creates the cookie that deletes a cookie at another scope. */
  createDeletion(wireName: string, scope: CookieScope): CookieToSet;
  createCookie(
    name: string,
    value: string,
    options: { readonly maxAge: number; readonly sameSite?: 'lax' | 'none' | undefined },
  ): CookieToSet;
}

/** Cookies of a request, by wire name. The value of a name that occurs twice is `undefined`. */
export type RequestCookies = ReadonlyMap<string, string | undefined> & {
  /** The values of names that occur several times, in the order of the header. */
  readonly repeatedValues?: ReadonlyMap<string, readonly string[]>;
};

export function createCookieJar(baseUrl: URL, settings: CookieSettings): CookieJar {
  const isSecure = baseUrl.protocol === 'https:';
  const { domain, path = '/', partitioned = false, sameSite: defaultSameSite = 'lax' } = settings;
  const scope = createCookieScope(settings);
  const prefix = isSecure ? getPrefix(scope) : '';
  const otherPrefixes = isSecure ? ['__Host-', '__Secure-'].filter((each) => each !== prefix) : [];
  return {
    name: settings.name ?? 'session',
    sameSite: defaultSameSite,
    scope,
    toWireName: (name, at = scope) => (at === scope ? prefix : isSecure ? getPrefix(at) : '') + name,
    toOtherWireNames: (name) => otherPrefixes.map((each) => each + name),
    listWireNames(name) {
      const others = otherPrefixes.map((each) => each + name);
      const acceptedNames = others.filter((each) => each.startsWith('__Host-'));
      return { all: [prefix + name, ...others], acceptedNames: [prefix + name, ...acceptedNames] };
    },
    createDeletion: (wireName, at) => ({
      name: wireName,
      value: '',
      maxAge: 0,
      httpOnly: true,
      secure: isSecure || at.partitioned === true,
      sameSite: defaultSameSite,
      path: '/',
      ...at,
    }),
    createCookie(name, value, { maxAge, sameSite = defaultSameSite }) {
      return {
        name: prefix + name,
        value,
        maxAge,
        httpOnly: true,
        // Browsers accept SameSite=None and Partitioned only with Secure, which they allow on http://localhost too.
        secure: isSecure || sameSite === 'none' || partitioned,
        sameSite,
        path,
        ...(domain !== undefined && { domain }),
        ...(partitioned && { partitioned }),
      };
    },
  };
}

/**
 * A browser accepts a `__Host-` cookie over https from this host only, so that neither a sibling domain nor a network
 * attacker can plant one (RFC 6265bis section 4.1.3.2). Over http browsers reject it.
 */
const getPrefix = ({ domain, path }: CookieScope): string =>
  domain === undefined && path === undefined ? '__Host-' : '__Secure-';

/**
 * Creates the jar for cookies of pending logins. Over https they have the prefix `__Host-` with every `domain` and `path`.
 * Otherwise a sibling host could plant the cookie of a login that it has started. The user would be signed in to the account
 * of the attacker (RFC 9700 section 4.7). Only the host of the callback needs these cookies.
 */
export function createLoginJar(baseUrl: URL, settings: CookieSettings): CookieJar {
  if (baseUrl.protocol !== 'https:') return createCookieJar(baseUrl, settings);
  const { domain: _, path: __, ...others } = settings;
  return createCookieJar(baseUrl, others);
}

/**
 * Parses a `Cookie` header. A pair without a name, or with a name that is not a token, is ignored: no cookie of this
 * library has such a name. A name that occurs twice has no value: one of the two may have been planted from a sibling
 * domain or another path (RFC 6265 section 8.6).
 *
 * @param options `maxRepeats`: maximum values of one name. If there are more, none is retained. Default: 4.
 */
export function parseCookies(
  header: string | null | undefined,
  { maxRepeats = maxAccepted }: { readonly maxRepeats?: number } = {},
): RequestCookies {
  const cookies = new Map<string, string | undefined>();
  const repeatedValues = new Map<string, string[]>();
  for (const pair of splitPairs(header)) {
    const name = readName(pair);
    if (!isToken(name)) continue;
    const value = trimWhiteSpace(pair.slice(pair.indexOf('=') + 1));
    if (!cookies.has(name)) {
      cookies.set(name, value);
      continue;
    }
    const values = repeatedValues.get(name);
    if (!values) repeatedValues.set(name, [cookies.get(name) ?? '', value]);
    // The value of the user may be among those that are not retained, so none of them counts.
    else if (values.length >= maxRepeats) values.length = 0;
    // Changed in place: a copy for each repetition would cost the square of the length of the header.
    else if (values.length > 0) values.push(value);
    cookies.set(name, undefined);
  }
  return Object.assign(cookies, { repeatedValues });
}

/** Maximum values of one name that are accepted. A sibling host can set many. */
export const maxAccepted = 4;

/** Parses a `Cookie` header with all values of each name: a login or a logout ends the sessions of all copies. */
export const parseAllCookies = (header: string | null | undefined): RequestCookies =>
  parseCookies(header, { maxRepeats: Number.POSITIVE_INFINITY });

/** `token`, RFC 9110 section 5.6.2: the syntax of a cookie name (RFC 6265 section 4.1.1). */
export const isToken = (text: string) => /^[\w!#$%&'*+.^`|~-]+$/.test(text);

/** `cookie-octet`, RFC 6265 section 4.1.1: no white space, quotation mark, comma, semicolon, backslash or control. */
export const isCookieValue = (text: string) => /^[!#-+\--:<-[\]-~]*$/.test(text);

export const splitPairs = (header: string | null | undefined): string[] => (header ?? '').split(';');

/** The name of a pair, empty if it has none. */
export const readName = (pair: string): string =>
  trimWhiteSpace(pair.slice(0, Math.max(pair.indexOf('='), 0)));

/**
 * Removes SP and HTAB at both ends, as browsers do before they check the prefix of a name (RFC 6265bis section 5.6).
 * `String.prototype.trim` also removes U+00A0 and others: `<A0>__Host-session`, which a sibling host can set, would
 * become `__Host-session`.
 */
export function trimWhiteSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhiteSpace(text.charCodeAt(start))) start++;
  while (end > start && isWhiteSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isWhiteSpace = (code: number) => code === 0x20 || code === 0x09;

/**
 * Serializes a cookie as one `Set-Cookie` header value.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-4.1
 * @example
 * ```ts
 * import { type CookieToSet, serializeCookie } from '@countersign/core/session';
 *
 * export function setCookies(headers: Headers, cookies: readonly CookieToSet[]): void {
 *   for (const cookie of cookies) headers.append('set-cookie', serializeCookie(cookie));
 * }
 * ```
 */
export function serializeCookie({ name, value, ...attributes }: CookieToSet): string {
  return stringifySetCookie({ name, value, ...attributes }, { encode: (text) => text });
}

/** A value that cannot be decoded is not listed, or listed as it was sent. */
export function decodeValue(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
