import { ConfigurationError } from '@countersign/core/browser';

/** An API that is given the access token. */
export interface ApiEntry {
  /**
   * Absolute, or a path of this application's own origin: the origin must be the very same, and the path must begin
   * with the same segments. `https://api.example.com/items` covers `/items` and `/items/1`, not `/items-old`.
   */
  readonly url: string;
  /** Default: every method. */
  readonly methods?: readonly string[];
  /** The resource indicator of its access tokens (RFC 8707). Default: the first of the configuration. */
  readonly resource?: string;
  /** Narrower than granted, space-separated. */
  readonly scope?: string;
  /** Calls by users who are not signed in go out without a token. Default: they fail with `LoginRequiredError`. */
  readonly optional?: boolean;
  /**
   * Sends the user to log in again when the API asks for more: for a scope (RFC 6750) or a stronger or fresher
   * login (RFC 9470). Default: the answer is handed on.
   */
  readonly stepUp?: boolean;
}

/** An entry, parsed. */
export interface AllowedApi {
  readonly entry: ApiEntry;
  readonly origin: string;
  readonly segments: readonly string[];
  readonly methods: readonly string[] | undefined;
}

/**
 * @param base the application's own address, for entries that are paths; a server has none that it could trust
 * @throws ConfigurationError `invalid_option` for an entry that is no plain http URL
 */
export function parseAllowList(apis: readonly ApiEntry[], base: string | undefined): AllowedApi[] {
  return apis.map((entry) => {
    const url = URL.canParse(entry.url, base) ? new URL(entry.url, base) : undefined;
    if (!url || !/^https?:$/.test(url.protocol) || !isPlain(url)) {
      throw new ConfigurationError(
        'invalid_option',
        `apis: "${entry.url}" must be a URL of origin and path, without wildcards.`,
      );
    }
    const methods = entry.methods?.map((method) => method.toUpperCase());
    return { entry, origin: url.origin, segments: segmentsOf(url), methods };
  });
}

/**
 * The entry that covers a request, or `undefined`: then it is given no token. The address is parsed before it is
 * compared; comparing text would hand tokens to `https://api.example.com.evil.test` (RFC 9700 section 4.9.1).
 */
export function findApi(
  apis: readonly AllowedApi[],
  request: { readonly url: string; readonly method: string },
  base: string | undefined,
): ApiEntry | undefined {
  const url = URL.canParse(request.url, base) ? new URL(request.url, base) : undefined;
  // Servers disagree about an escaped slash or dot in a path; what it means there cannot be known here.
  if (!url || url.username || url.password || /%(2f|5c|2e)/i.test(url.pathname)) return undefined;
  const segments = segmentsOf(url);
  return apis.find(
    (api) =>
      api.origin === url.origin &&
      (api.methods?.includes(request.method.toUpperCase()) ?? true) &&
      api.segments.every((segment, index) => segment === segments[index]),
  )?.entry;
}

const segmentsOf = ({ pathname }: URL) =>
  pathname
    .replace(/^\/|\/$/g, '')
    .split('/')
    .filter((part, index, all) => part !== '' || index < all.length - 1);

const isPlain = ({ search, hash, username, password, hostname, pathname }: URL) =>
  search + hash + username + password === '' && !/[*{]/.test(hostname + decodeURIComponent(pathname));
