import {
  addAmbiguousCookies,
  findAmbiguousCookies,
  updateCookieHeader,
} from '@countersign/core/session/adapter';
import { NextRequest } from 'next/server.js';

// Next writes a new `Cookie` header for an action that another page contains, and for the page that an action redirects to.
// It also does if an application changes `request.cookies` in its proxy. The new header has one value of each name, decoded
// and encoded again. A session that a sibling host has planted would then be the only one.

/** Passes the cookies that such a header may lack. A client that sends it can send the cookies, too. */
export const receivedCookiesHeader = 'x-auth-received-cookies';

/**
 * Returns the `Cookie` header of a request with the cookies that the browser sent, and with later changes.
 *
 * @param receivedCookies the `Cookie` header that the server received. Default: that of the request.
 */
export function readCookieHeader(headers: Headers, receivedCookies?: string | null): string | null {
  const current = headers.get('cookie');
  const ambiguous = headers.get(receivedCookiesHeader);
  if (ambiguous === null && (receivedCookies === undefined || receivedCookies === current)) return current;
  const listedCookies = new NextRequest('http://localhost', {
    headers: { cookie: current ?? '' },
  }).cookies.getAll();
  // Next lists a cookie `name` without "=" with the value "true".
  return updateCookieHeader(addAmbiguousCookies(receivedCookies ?? current, ambiguous), listedCookies, {
    bareValue: 'true',
  });
}

/** Returns the cookies that the browser sent and that a page needs beside the `Cookie` header, empty if there are none. */
export const findReceivedCookies = (headers: Headers, receivedCookies?: string | null): string =>
  findAmbiguousCookies(
    addAmbiguousCookies(receivedCookies ?? headers.get('cookie'), headers.get(receivedCookiesHeader)),
  );

/** Returns the request with the `Cookie` header that {@link readCookieHeader} returns. */
export function restoreCookies(request: Request, receivedCookies?: string | null): Request {
  const cookieHeader = readCookieHeader(request.headers, receivedCookies);
  if (cookieHeader === request.headers.get('cookie')) return request;
  // Next passes a proxy object, which is not accepted as a request.
  const restoredRequest = new Request(request.url, request);
  restoredRequest.headers.set('cookie', cookieHeader ?? '');
  return restoredRequest;
}

/** Retains the cookies of an action. Next may send its request to another page. */
export function retainCookies(headers: Record<string, unknown>): void {
  const { cookie } = headers;
  if (headers['next-action'] === undefined || headers[receivedCookiesHeader] !== undefined) return;
  const ambiguous = typeof cookie === 'string' ? findAmbiguousCookies(cookie) : '';
  if (ambiguous !== '') headers[receivedCookiesHeader] = ambiguous;
}
