import { type CookieToSet, serializeCookie } from '../cookies/cookies.ts';

/**
 * Sets the headers of a response that sets or depends on a session. A shared cache must not store such a response:
 * it would give the cookie of one user to another.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.7
 * @example
 * ```ts
 * import type { RequestSession } from '@countersign/core/session';
 * import { addSessionHeaders } from '@countersign/core/session/adapter';
 *
 * export function finish(response: Response, { cookies }: RequestSession): Response {
 *   addSessionHeaders(response.headers, cookies);
 *   return response;
 * }
 * ```
 */
export function addSessionHeaders(headers: Headers, cookies: readonly CookieToSet[]): void {
  headers.set('cache-control', 'private, no-store');
  setPrivateCaching(headers);
  for (const cookie of cookies) headers.append('set-cookie', serializeCookie(cookie));
}

/**
 * Marks a response to a signed-in user as private, so that a shared cache neither stores it nor returns it to another
 * user: `Cache-Control: private, no-store`, unless the application has set a value, and `Vary: Cookie`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.7
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5
 * @example
 * ```ts
 * import { setPrivateCaching } from '@countersign/core/session/adapter';
 *
 * export function GET(): Response {
 *   const response = Response.json({ items: [] });
 *   setPrivateCaching(response.headers);
 *   return response;
 * }
 * ```
 */
export function setPrivateCaching(headers: Headers): void {
  if (!headers.has('cache-control')) headers.set('cache-control', 'private, no-store');
  const vary = (headers.get('vary') ?? '').toLowerCase().split(/[\s,]+/);
  if (!vary.includes('cookie') && !vary.includes('*')) headers.append('vary', 'Cookie');
}

/**
 * Checks whether a `Cache-Control` value prevents shared caches from returning a response to another user: they may not store
 * it, or ask the server each time.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2
 * @example
 * ```ts
 * import { isNeverShared } from '@countersign/core/session/adapter';
 *
 * export const mayBeShared = ({ headers }: Response): boolean =>
 *   !isNeverShared(headers.get('cache-control') ?? '');
 * ```
 */
export const isNeverShared = (cacheControl: string): boolean =>
  /(?:^|,)\s*(?:private|no-store|no-cache)\s*(?:,|$)/i.test(cacheControl);

/**
 * Creates the headers of a response of this library: private, without content sniffing, and without a referrer for other
 * sites.
 *
 * @param cookies the cookies that the response sets. Default: none
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.7
 * @example
 * ```ts
 * import { createSessionHeaders } from '@countersign/core/session/adapter';
 *
 * export const notFound = (): Response => new Response(null, { status: 404, headers: createSessionHeaders() });
 * ```
 */
export function createSessionHeaders(cookies: readonly CookieToSet[] = []): Headers {
  const headers = new Headers({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' });
  addSessionHeaders(headers, cookies);
  return headers;
}

/** 303: the browser continues with GET after any request method (RFC 9110 section 15.4.4). */
export function createRedirect(location: string, cookies: readonly CookieToSet[] = []): Response {
  const headers = createSessionHeaders(cookies);
  headers.set('location', location);
  return new Response(null, { status: 303, headers });
}

/** The response to a prefetch of a route: without content and effect, so that the navigation sends the request again. */
export const createPrefetchResponse = (): Response =>
  new Response(null, { status: 204, headers: createSessionHeaders() });

export function createJsonResponse(
  value: unknown,
  options: { status?: number; cookies?: readonly CookieToSet[] } = {},
): Response {
  const headers = createSessionHeaders(options.cookies);
  headers.set('content-type', 'application/json');
  return new Response(JSON.stringify(value), { status: options.status ?? 200, headers });
}
