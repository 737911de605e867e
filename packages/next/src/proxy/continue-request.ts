import type { CookieToSet } from '@countersign/core/session';
import { applyCookies } from '@countersign/core/session/adapter';
import { NextRequest, NextResponse } from 'next/server.js';
import { receivedCookiesHeader } from '../received-cookies.ts';
import { failureHeader } from './failed-refreshes.ts';
import { pathHeader } from './page-headers.ts';
import type { ProxyOptions } from './proxy-options.ts';

/**
 * Continues to the page, or runs the proxy of the application.
 *
 * @param options `respond`: the proxy of the application. `headers`: of the request, for the page; default: unchanged.
 *   `cookies`: those that `headers` change; default: none.
 */
export async function continueRequest(
  request: NextRequest,
  {
    respond,
    headers,
    cookies = [],
  }: {
    readonly respond: ProxyOptions['respond'] | undefined;
    readonly headers?: Headers | undefined;
    readonly cookies?: readonly CookieToSet[];
  },
): Promise<Response> {
  const proxyResponse = headers ? NextResponse.next({ request: { headers } }) : NextResponse.next();
  if (!respond) return proxyResponse;
  const applicationResponse = await respond(headers ? withHeaders(request, headers) : request);
  if (!headers) return applicationResponse;
  return mergeOverrides(applicationResponse, proxyResponse, (applicationCookie) =>
    isOutdated(applicationCookie, request.headers.get('cookie'), cookies)
      ? applyCookies(applicationCookie, cookies)
      : undefined,
  );
}

/** Retains the URL object, which contains the base path and the locales of `next.config`. */
const withHeaders = (request: NextRequest, headers: Headers): NextRequest =>
  Object.defineProperty(new NextRequest(request, { headers }), 'nextUrl', { value: request.nextUrl });

const overrideList = 'x-middleware-override-headers';
const overridePrefix = 'x-middleware-request-';

/**
 * Checks whether a `Cookie` header of the application's proxy has the cookies that the browser sent, and not those that this
 * proxy has changed. Otherwise the application has received the changes, and what it has removed stays removed.
 */
function isOutdated(
  applicationCookie: string | null,
  sentCookie: string | null,
  changedCookies: readonly CookieToSet[],
): boolean {
  if (changedCookies.length === 0) return false;
  const [current, sentCookies] = [applicationCookie, sentCookie].map(
    (cookie) => new NextRequest('http://localhost', { headers: { cookie: cookie ?? '' } }).cookies,
  );
  return changedCookies.every(({ name }) => current?.get(name)?.value === sentCookies?.get(name)?.value);
}

/**
 * Adds the request headers of this proxy to a response that continues to the page. Its other overrides stay.
 *
 * @param updateCookie returns the `Cookie` header that replaces the one of the application, `undefined` if that one stays
 */
function mergeOverrides(
  applicationResponse: Response,
  proxyResponse: Response,
  updateCookie: (applicationCookie: string | null) => string | undefined,
): Response {
  const continues =
    applicationResponse.headers.get('x-middleware-next') === '1' ||
    applicationResponse.headers.has('x-middleware-rewrite');
  if (!continues) return applicationResponse;
  const mergedResponse = new Response(applicationResponse.body, applicationResponse);
  const readOverrides = (response: Response) => response.headers.get(overrideList)?.split(',');
  // If the response has no overrides, all headers of this proxy apply. Otherwise only the changed ones apply.
  const names = readOverrides(applicationResponse)
    ? [pathHeader, failureHeader, receivedCookiesHeader]
    : (readOverrides(proxyResponse) ?? []);
  const overrides = new Set(readOverrides(applicationResponse));
  overrides.delete(failureHeader);
  for (const name of names) {
    const value = proxyResponse.headers.get(overridePrefix + name);
    if (value !== null) mergedResponse.headers.set(overridePrefix + name, value);
    if (value !== null) overrides.add(name);
  }
  const cookie = readOverrides(applicationResponse)
    ? updateCookie(applicationResponse.headers.get(`${overridePrefix}cookie`))
    : undefined;
  if (cookie !== undefined) {
    mergedResponse.headers.set(`${overridePrefix}cookie`, cookie);
    overrides.add('cookie');
  }
  mergedResponse.headers.set(overrideList, [...overrides].join(','));
  return mergedResponse;
}
