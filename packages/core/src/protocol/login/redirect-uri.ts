import { ConfigurationError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';

/** Parameters of an authorization response (RFC 6749 section 4.1.2, RFC 9207). A redirect URI cannot contain them. */
const responseParameters = ['code', 'state', 'error', 'iss', 'response'];

/**
 * Checks a redirect URI: an absolute URL without a fragment, in any scheme.
 *
 * @throws ConfigurationError `invalid_option`
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2
 */
export function checkRedirectUri(name: string, value: unknown): void {
  const problem = findProblem(value);
  if (problem === undefined) return;
  throw new ConfigurationError(
    'invalid_option',
    isDevelopment
      ? `${name} is ${JSON.stringify(value)?.slice(0, 200)}, ${problem}. Write it as it is registered at the provider, for example https://app.example.com/callback.`
      : name,
  );
}

function findProblem(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value))
    return isDevelopment ? 'expected an absolute URL' : '';
  const { hash, searchParams } = new URL(value);
  if (hash !== '' || value.endsWith('#')) return isDevelopment ? 'expected a URL without a fragment' : '';
  const reserved = responseParameters.find((parameter) => searchParams.has(parameter));
  return reserved && (isDevelopment ? `expected a query without "${reserved}", which the provider adds` : '');
}

/**
 * Checks that a URL is a redirect URI, possibly with further parameters. Both are compared as URLs: the case of the host,
 * the default port, escaped letters, an empty path and a slash at the end make no difference.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-6
 */
export function isRedirectUri(url: string, redirectUri: string): boolean {
  return URL.canParse(url) && findRemainingQuery(new URL(url), new URL(redirectUri)) !== undefined;
}

/**
 * Reads the authorization response from the URL to which the provider redirected. The query of the redirect URI is not
 * part of the response.
 *
 * @returns `undefined` if the URL is another page, or contains no response
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2
 */
export function readRedirectResponse(url: string, redirectUri: string): URLSearchParams | undefined {
  if (!URL.canParse(url)) return undefined;
  const parameters = findRemainingQuery(new URL(url), new URL(redirectUri));
  // A page of the application can have a "code" or a "state" of its own.
  const isResponse =
    parameters?.has('error') ||
    (parameters?.has('state') && (parameters.has('code') || parameters.has('response')));
  return isResponse ? parameters : undefined;
}

/** Returns the query without the query of the redirect URI, or `undefined` if the URL is another page. */
function findRemainingQuery(url: URL, redirectUri: URL): URLSearchParams | undefined {
  if (url.protocol !== redirectUri.protocol || url.host.toLowerCase() !== redirectUri.host.toLowerCase())
    return undefined;
  if (normalizePath(url.pathname) !== normalizePath(redirectUri.pathname)) return undefined;
  const pairs = [...url.searchParams];
  for (const [name, value] of redirectUri.searchParams) {
    const index = pairs.findIndex((pair) => pair[0] === name && pair[1] === value);
    if (index < 0) return undefined;
    pairs.splice(index, 1);
  }
  return new URLSearchParams(pairs);
}

/**
 * Web servers redirect "/callback" to "/callback/", so both are one page. The response is bound to its login by `state`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
 */
const normalizePath = (path: string) =>
  path
    .replace(/%[\da-f]{2}/gi, (encoded) => {
      const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
      return /[\w.~-]/.test(character) ? character : encoded.toUpperCase();
    })
    .replace(/\/$/, '');
