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
  readonly methods?: readonly string[];
  /**
   * Resource indicator of the access token. Default: the first `resource` of the configuration.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
   */
  readonly resource?: string;
  /** Scope of the access token, space-separated. It must be within the granted scope. Default: the granted scope. */
  readonly scope?: string;
  /**
   * Sends the request without a token if the user is not signed in. Default: `false`, the request fails with
   * `LoginRequiredError`.
   */
  readonly optional?: boolean;
  /**
   * Starts a new login if the API requires another scope, or a stronger or more recent login. The response is returned
   * as an error in each case. Default: `false`, no login is started.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
   * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
   */
  readonly stepUp?: boolean;
}

/** A parsed entry of the allow-list. */
export interface AllowedApi {
  readonly entry: ApiEntry;
  readonly origin: string;
  readonly segments: readonly string[];
  readonly methods: readonly string[] | undefined;
}

/**
 * Parses the allow-list.
 *
 * @param base resolves entries that are paths; undefined on a server, where the application has no trusted URL
 * @throws ConfigurationError `invalid_option` if an entry is not a URL of origin and path
 */
export function parseAllowList(apis: readonly ApiEntry[], base: string | undefined): AllowedApi[] {
  return apis.map((entry) => {
    const url = URL.canParse(entry.url, base) ? new URL(entry.url, base) : undefined;
    if (!url || !/^https?:$/.test(url.protocol) || !isPlain(url)) {
      throw new ConfigurationError(
        'invalid_option',
        `apis: the URL is "${entry.url}", expected an http(s) URL of origin and path, without wildcards.`,
      );
    }
    const methods = entry.methods?.map((method) => method.toUpperCase());
    return { entry, origin: url.origin, segments: splitPath(url), methods };
  });
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
  const url = URL.canParse(request.url, base) ? new URL(request.url, base) : undefined;
  // Servers interpret an escaped slash or dot in a path differently, so such a path matches no entry.
  if (!url || url.username || url.password || /%(2f|5c|2e)/i.test(url.pathname)) return undefined;
  const segments = splitPath(url);
  return apis.find(
    (api) =>
      api.origin === url.origin &&
      (api.methods?.includes(request.method.toUpperCase()) ?? true) &&
      api.segments.every((segment, index) => segment === segments[index]),
  )?.entry;
}

const splitPath = ({ pathname }: URL) =>
  pathname
    .replace(/^\/|\/$/g, '')
    .split('/')
    .filter((part, index, all) => part !== '' || index < all.length - 1);

const isPlain = ({ search, hash, username, password, hostname, pathname }: URL) =>
  search + hash + username + password === '' && !/[*{]/.test(hostname + decodeURIComponent(pathname));
