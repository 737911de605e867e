import { ConfigurationError } from '@countersign/core/browser';

/** An API to which the interceptor sends the access token. */
export interface ApiEntry {
  /**
   * An absolute URL, or a path of the application's origin. A request matches if its origin is identical and its path
   * begins with the same segments: `https://api.example.com/items` matches `/items` and `/items/1`, not `/items-old`.
   * Wildcards are not supported.
   */
  readonly url: string;
  /** HTTP methods. Default: all methods. */
  readonly methods?: readonly string[] | undefined;
  /**
   * Paths below `url` whose requests do not match, for example `['public', 'health/live']`. They are case-sensitive.
   * Default: none.
   */
  readonly except?: readonly string[] | undefined;
  /**
   * Resource indicator of the access token. It is also requested at the login. Default: the first `resource` of the
   * configuration.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
   */
  readonly resource?: string | undefined;
  /** Scope of the access token, space-separated. It is also requested at the login. Default: the granted scope. */
  readonly scope?: string | undefined;
  /**
   * Sends the request without a token if the user is not signed in. Default: `false`, the request fails with
   * `LoginRequiredError`.
   */
  readonly optional?: boolean | undefined;
  /**
   * Starts a new login if the API requires another scope, or a stronger or more recent login. The response is returned
   * as an error in each case. Default: `false`, no login is started.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
   * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
   */
  readonly stepUp?: boolean | undefined;
}

/** A parsed entry of the allow-list. */
export interface AllowedApi {
  readonly entry: ApiEntry;
  readonly origin: string;
  readonly segments: readonly string[];
  readonly methods: readonly string[] | undefined;
  /** The segments of paths below the entry that do not match. */
  readonly except: readonly (readonly string[])[];
}

/**
 * Parses the allow-list.
 *
 * @param base resolves entries that are paths; undefined on a server, where the application has no trusted URL
 * @throws ConfigurationError `invalid_option` if an entry is not a URL of origin and path
 */
export function parseAllowList(apis: readonly ApiEntry[], base: string | undefined): AllowedApi[] {
  return apis.map((entry) => {
    const url = parseUrl(entry.url, base);
    if (!url || !/^https?:$/.test(url.protocol) || !isPlain(url)) {
      throw new ConfigurationError(
        'invalid_option',
        typeof ngDevMode === 'undefined' || ngDevMode
          ? `"apis" contains the URL "${entry.url}", expected an http(s) URL of origin and path, without wildcards.`
          : `apis ${entry.url}`,
      );
    }
    const methods = entry.methods?.map((method) => method.toUpperCase());
    const except = (entry.except ?? []).map((path) => parseException(url, path));
    return { entry, origin: url.origin, segments: splitPath(url), methods, except };
  });
}

/** @throws ConfigurationError `invalid_option` if the path is not below the entry */
function parseException(entryUrl: URL, path: string): readonly string[] {
  const folder = `${entryUrl.href.replace(/\/$/, '')}/`;
  const url = parseUrl(path.replace(/^\//, ''), folder);
  const segments = url && splitPath(url);
  const isBelow = url?.href.startsWith(folder) && segments && segments.length > splitPath(entryUrl).length;
  if (url && isBelow && isPlain(url)) return splitLeniently(url);
  throw new ConfigurationError(
    'invalid_option',
    typeof ngDevMode === 'undefined' || ngDevMode
      ? `"apis" contains the exception "${path}" of "${entryUrl.href}", expected a path below its URL, for example "public".`
      : `apis ${path}`,
  );
}

/**
 * Returns the first entry that matches a request. Without a match, the request gets no token.
 *
 * The URL is parsed before it is compared (RFC 9700 section 4.9.1): a comparison of text would send tokens to
 * `https://api.example.com.evil.test`.
 */
export function findApi(
  apis: readonly AllowedApi[],
  request: { readonly url: string; readonly method: string },
  base: string | undefined,
): ApiEntry | undefined {
  const url = parseUrl(request.url, base);
  if (!url || url.username || url.password) return undefined;
  const segments = splitPath(url);
  return apis.find(
    (api) =>
      api.origin === url.origin &&
      (api.methods?.includes(request.method.toUpperCase()) ?? true) &&
      startsWith(segments, api.segments) &&
      (coversOrigin(api) || (findAmbiguity(url) === undefined && !isExcluded(url, api))),
  )?.entry;
}

/**
 * Parses a URL. `URL.parse` and `URL.canParse` are newer than some environments of tests, for example jsdom 20 of Jest 29.
 *
 * @returns `undefined` if the text is not a URL
 */
export function parseUrl(text: string, base: string | undefined): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/**
 * Finds a part of a path that servers interpret differently: an escaped slash, backslash, dot or null, including one that is escaped twice or
 * as invalid UTF-8, and a dot segment with parameters or of characters that some servers read as dots and slashes. Behind
 * `/items/..%2fadmin` and `/items/..;/admin` there can be another API. No URL needs an escape `%uXXXX`, and a server that
 * decodes it may also normalize the character, so each is rejected. Such a path matches an entry of the whole origin only.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-7.3
 */
export const findAmbiguity = ({ pathname }: URL): string | undefined =>
  (ambiguousEscape.exec(pathname) ?? dotSegment.exec(decodeLeniently(pathname)))?.[0];

const ambiguousEscape = /%(?:25)*(?:2f|5c|2e|00|u[\da-f]{4}|c[01]%(?:25)*[89ab]|e0%(?:25)*[89]|f0%(?:25)*8)/i;

/** A parsed path has no such segment or escape, except in its decoded form. */
const dotSegment = /[\\/]\.\.?(?:[\\/;\0- ]|$)|%u[\da-f]{4}/i;

const coversOrigin = ({ segments, except }: AllowedApi) => segments.length === 0 && except.length === 0;

const splitPath = ({ pathname }: URL) =>
  pathname
    .replace(/^\/|\/$/g, '')
    .split('/')
    .filter((part, index, all) => part !== '' || index < all.length - 1);

const startsWith = (segments: readonly string[], prefix: readonly string[]) =>
  prefix.every((segment, index) => segment === segments[index]);

const isExcluded = (url: URL, { except }: AllowedApi) =>
  except.some((each) => startsWith(splitLeniently(url), each));

/**
 * Splits a path for the comparison with exceptions. It ignores what a server may ignore, so that such a path gets no token.
 * This is the escaping (RFC 3986 section 6.2.2.2), empty segments, parameters, and spaces or dots at the end of a segment.
 */
const splitLeniently = ({ pathname }: URL): string[] =>
  decodeLeniently(pathname)
    .split(/[\\/]/)
    .map((segment) => segment.replace(/;.*$/s, '').replace(/(?<![\0-\x20.])[\0-\x20.]+$/, ''))
    .filter((segment) => segment !== '');

/**
 * Decodes a path as the most lenient server does: characters that are escaped several times, in any order (`%2541`,
 * `%%34%31`), and compatibility characters (NFKC) such as the full-width slash and dot. The number of passes is limited,
 * because a link can contain a path of any length.
 */
function decodeLeniently(pathname: string): string {
  let text = pathname;
  for (let pass = 0; pass < 4; pass++)
    text = text.replace(/%(?:25)*([0-7][\da-f])/gi, (_, code) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
  return text
    .replace(/(?:%[89a-f][\da-f])+/gi, (codes) =>
      new TextDecoder().decode(
        Uint8Array.from(codes.slice(1).split('%'), (code) => Number.parseInt(code, 16)),
      ),
    )
    .normalize('NFKC');
}

const isPlain = ({ search, hash, username, password, hostname, pathname }: URL) =>
  search + hash + username + password === '' && !/[*{]|%2a|%7b/i.test(hostname + pathname);
