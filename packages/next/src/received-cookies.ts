import {
  addAmbiguousCookies,
  findAmbiguousCookies,
  updateCookieHeader,
} from '@countersign/core/session/adapter';
import { NextRequest } from 'next/server.js';

// Next writes the `Cookie` header anew for an action that another page contains, for the page that an action redirects to,
// and when an application changes `request.cookies` in its proxy: one value of each name, decoded and encoded again. A
// session that a sibling host has planted would be the only one, although the request that the browser sent has none.

/** Passes the cookies that such a header may lack. A client that sends it can send the cookies, too. */
export const receivedCookiesHeader = 'x-auth-received-cookies';

/**
 * Returns the `Cookie` header of a request with the cookies that the browser sent, and with later changes.
 *
 * @param received the `Cookie` header that the server received. Default: that of the request.
 */
export function readCookieHeader(headers: Headers, received?: string | null): string | null {
  const current = headers.get('cookie');
  const ambiguous = headers.get(receivedCookiesHeader);
  if (ambiguous === null && (received === undefined || received === current)) return current;
  const listed = new NextRequest('http://localhost', { headers: { cookie: current ?? '' } }).cookies.getAll();
  // Next lists a cookie `name` without "=" with the value "true".
  return updateCookieHeader(addAmbiguousCookies(received ?? current, ambiguous), listed, {
    bareValue: 'true',
  });
}

/** Returns the cookies that the browser sent and that a page needs beside the `Cookie` header, empty if there are none. */
export const findReceivedCookies = (headers: Headers, received?: string | null): string =>
  findAmbiguousCookies(
    addAmbiguousCookies(received ?? headers.get('cookie'), headers.get(receivedCookiesHeader)),
  );

/** Returns the request with the `Cookie` header that {@link readCookieHeader} returns. */
export function restoreCookies(request: Request, received?: string | null): Request {
  const cookieHeader = readCookieHeader(request.headers, received);
  if (cookieHeader === request.headers.get('cookie')) return request;
  // Next passes a proxy object, which is not accepted as a request.
  const restored = new Request(request.url, request);
  restored.headers.set('cookie', cookieHeader ?? '');
  return restored;
}

/** Retains the cookies of an action. Next may send its request to another page. */
export function retainCookies(headers: Record<string, unknown>): void {
  const { cookie } = headers;
  if (headers['next-action'] === undefined || headers[receivedCookiesHeader] !== undefined) return;
  const ambiguous = typeof cookie === 'string' ? findAmbiguousCookies(cookie) : '';
  if (ambiguous !== '') headers[receivedCookiesHeader] = ambiguous;
}
