import { ConfigurationError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import { parseUrl } from '../../internal/parse-url.ts';

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
      ? `"${name}" is ${JSON.stringify(value)?.slice(0, 200)}, ${problem}. Write it as it is registered at the provider, for example https://app.example.com/callback.`
      : name,
  );
}

function findProblem(value: unknown): string | undefined {
  const url = typeof value === 'string' ? parseUrl(value) : undefined;
  if (!url) return isDevelopment ? 'expected an absolute URL' : '';
  const { hash, searchParams } = url;
  if (hash !== '' || url.href.endsWith('#')) return isDevelopment ? 'expected a URL without a fragment' : '';
  const reservedName = responseParameters.find((parameter) => searchParams.has(parameter));
  return (
    reservedName &&
    (isDevelopment ? `expected a query without "${reservedName}", which the provider adds` : '')
  );
}

/**
 * Checks that a URL is a redirect URI, possibly with further parameters. Both are compared as URLs: the case of the host,
 * the default port, escaped letters, an empty path and a slash at the end make no difference.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-6
 */
export function isRedirectUri(url: string, redirectUri: string): boolean {
  const page = parseUrl(url);
  return page !== undefined && findRemainingQuery(page, new URL(redirectUri)) !== undefined;
}

/**
 * Reads the authorization response from the URL to which the provider redirected. The query of the redirect URI is not
 * part of the response.
 *
 * An error without `state` is returned too, because some providers omit it. The caller decides whether it waits for one.
 *
 * @returns `undefined` if the URL is another page, or contains no response
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2
 */
export function readRedirectResponse(url: string, redirectUri: string): URLSearchParams | undefined {
  const page = parseUrl(url);
  const parameters = page && findRemainingQuery(page, new URL(redirectUri));
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
    .replace(/%[\da-f]{2}/gi, (encodedCharacter) => {
      const character = String.fromCharCode(Number.parseInt(encodedCharacter.slice(1), 16));
      return /[\w.~-]/.test(character) ? character : encodedCharacter.toUpperCase();
    })
    .replace(/\/$/, '');
