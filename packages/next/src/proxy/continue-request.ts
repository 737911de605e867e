import { NextRequest, NextResponse } from 'next/server.js';
import { receivedCookiesHeader } from '../received-cookies.ts';
import { failureHeader } from './failed-refreshes.ts';
import { pathHeader } from './page-headers.ts';
import type { ProxyOptions } from './proxy-options.ts';

/**
 * Continues to the page, or runs the proxy of the application.
 *
 * @param options `respond`: the proxy of the application. `headers`: of the request, for the page; default: unchanged.
 */
export async function continueRequest(
  request: NextRequest,
  {
    respond,
    headers,
  }: { readonly respond: ProxyOptions['respond'] | undefined; readonly headers?: Headers | undefined },
): Promise<Response> {
  const proxyResponse = headers ? NextResponse.next({ request: { headers } }) : NextResponse.next();
  if (!respond) return proxyResponse;
  const applicationResponse = await respond(headers ? withHeaders(request, headers) : request);
  return headers ? mergeOverrides(applicationResponse, proxyResponse) : applicationResponse;
}

/** Retains the URL object, which contains the base path and the locales of `next.config`. */
const withHeaders = (request: NextRequest, headers: Headers): NextRequest =>
  Object.defineProperty(new NextRequest(request, { headers }), 'nextUrl', { value: request.nextUrl });

const overrideList = 'x-middleware-override-headers';
const overridePrefix = 'x-middleware-request-';

/** Adds the request headers of this proxy to a response that continues to the page. Its other overrides stay. */
function mergeOverrides(applicationResponse: Response, proxyResponse: Response): Response {
  const continues =
    applicationResponse.headers.get('x-middleware-next') === '1' ||
    applicationResponse.headers.has('x-middleware-rewrite');
  if (!continues) return applicationResponse;
  const merged = new Response(applicationResponse.body, applicationResponse);
  const readOverrides = (response: Response) => response.headers.get(overrideList)?.split(',');
  // If the response has no overrides, all headers of this proxy apply. Otherwise only the changed ones apply.
  const names = readOverrides(applicationResponse)
    ? ['cookie', pathHeader, failureHeader, receivedCookiesHeader]
    : (readOverrides(proxyResponse) ?? []);
  const overrides = new Set(readOverrides(applicationResponse));
  overrides.delete(failureHeader);
  for (const name of names) {
    const value = proxyResponse.headers.get(overridePrefix + name);
    if (value !== null) merged.headers.set(overridePrefix + name, value);
    if (value !== null) overrides.add(name);
  }
  merged.headers.set(overrideList, [...overrides].join(','));
  return merged;
}
