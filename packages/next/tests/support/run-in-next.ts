import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js';
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js';
import { HeadersAdapter } from 'next/dist/server/web/spec-extension/adapters/headers.js';
import {
  appendMutableCookies,
  createCookiesWithMutableAccessCheck,
  MutableRequestCookiesAdapter,
  RequestCookiesAdapter,
} from 'next/dist/server/web/spec-extension/adapters/request-cookies.js';
import { RequestCookies } from 'next/dist/server/web/spec-extension/cookies.js';

/** Runs code within a request of Next, with its cookies and headers. Returns the cookies that were set. */
export async function runInNext<T>(
  options: {
    readonly cookie?: string;
    /** The cookies after an action or a proxy. Default: the cookies of the request. */
    readonly cookieNow?: string;
    readonly headers?: Record<string, string>;
    readonly phase?: 'render' | 'action';
    /**
     * How the handler ends. `action`: as a server action, whose cookies are set immediately. `no-cookies`: as a route handler that
     * threw or called `notFound()`. Default: as a route handler whose response gets the cookies.
     */
    readonly end?: 'action' | 'no-cookies';
    readonly type?: 'request' | 'cache' | 'private-cache';
    readonly search?: string;
    /** The router fetches the page before a navigation. Default: false. */
    readonly isPrefetch?: boolean;
    /** Renders as in a static export, or as a static page. */
    readonly staticMode?: 'export' | 'force-static';
  },
  run: () => Promise<T>,
): Promise<{ readonly result: T; readonly set: readonly string[] }> {
  const plain = new Headers({ host: 'app.example.test', ...options.headers });
  if (options.cookie !== undefined) plain.set('cookie', options.cookie);
  const set: string[] = [];
  const now = options.cookieNow === undefined ? plain : new Headers({ cookie: options.cookieNow });
  const readOnly = RequestCookiesAdapter.seal(new RequestCookies(now));
  const mutableCookies = MutableRequestCookiesAdapter.wrap(new RequestCookies(plain), (cookies) => {
    set.splice(0, set.length, ...cookies);
  });
  const store = {
    type: options.type ?? 'request',
    phase: options.phase ?? 'render',
    url: { pathname: '/page', search: options.search ?? '?a=b' },
    headers: HeadersAdapter.seal(plain),
    cookies: readOnly,
    mutableCookies,
  };
  const withAccess = {
    ...store,
    userspaceMutableCookies: createCookiesWithMutableAccessCheck(store as never),
  };
  const work = {
    route: '/page',
    isPrefetchRequest: options.isPrefetch === true,
    forceStatic: options.staticMode === 'force-static',
    dynamicShouldError: options.staticMode === 'export',
  };
  const result = await workAsyncStorage.run(work as never, () =>
    workUnitAsyncStorage.run(withAccess as never, run),
  );
  // Next does this when a route handler has returned its response.
  if (store.phase === 'action' && options.end === undefined)
    appendMutableCookies(new Headers(), withAccess.mutableCookies as never);
  return { result, set };
}
