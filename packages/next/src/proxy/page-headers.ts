import type { CookieToSet, FailedRefresh } from '@countersign/core/session';
import { applyCookies } from '@countersign/core/session/adapter';
import type { NextRequest } from 'next/server.js';
import { receivedCookiesHeader } from '../received-cookies.ts';
import { failureHeader, writeFailedRefreshes } from './failed-refreshes.ts';

/** Passes the requested path to pages, so that a login returns to it. */
export const pathHeader = 'x-auth-path';

/** The path that the browser requested: with base path, and with the locale that `i18n` of `next.config` removes. */
export const getRequestedPath = ({ nextUrl }: NextRequest): string =>
  nextUrl.href.slice(nextUrl.origin.length);

/**
 * Creates the request headers for the page. Returns `undefined` if they do not change, because Next copies the headers
 * several times for a proxy that changes one.
 *
 * @param changes `mayRedirect`: the page may redirect to the login, and needs its path for `returnTo`. `cookies`: the
 *   changed cookies of the session. `failures`: the refreshes that failed. `ambiguous`: the received cookies that Next or
 *   the application may change.
 */
export function createPageHeaders(
  request: NextRequest,
  {
    mayRedirect,
    cookies,
    failures = [],
    ambiguous = '',
  }: {
    readonly mayRedirect: boolean;
    readonly cookies: readonly CookieToSet[];
    readonly failures?: readonly FailedRefresh[];
    readonly ambiguous?: string;
  },
): Headers | undefined {
  const requestHeaders = request.headers;
  // Values that the client has sent must not reach the page.
  const isForged = requestHeaders.has(pathHeader) || requestHeaders.has(failureHeader);
  if (!mayRedirect && cookies.length === 0 && !isForged && ambiguous === '') return undefined;
  const headers = new Headers(requestHeaders);
  if (ambiguous !== '') headers.set(receivedCookiesHeader, ambiguous);
  headers.set(pathHeader, getRequestedPath(request));
  headers.delete(failureHeader);
  if (failures.length > 0) headers.set(failureHeader, writeFailedRefreshes(failures));
  if (cookies.length > 0) headers.set('cookie', applyCookies(requestHeaders.get('cookie'), cookies));
  return headers;
}

/** Creates the request headers for a route of the library. Returns `undefined` if they do not change. */
export function createRouteHeaders(request: NextRequest, ambiguous: string): Headers | undefined {
  if (ambiguous === '') return undefined;
  const headers = new Headers(request.headers);
  headers.set(receivedCookiesHeader, ambiguous);
  return headers;
}
