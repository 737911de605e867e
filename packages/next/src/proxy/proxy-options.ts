import type { SessionTokenRequest } from '@countersign/core/session';
import type { NextRequest } from 'next/server.js';

/** Options of `auth.proxy()`. */
export interface ProxyOptions {
  /**
   * Paths that need a session, including all paths below them, or a function that decides. Default: none.
   * This is a convenience for the user, not access control: pages, actions and handlers must check the session too.
   *
   * A preflight (`OPTIONS` with `Origin` and `Access-Control-Request-Method`) has no cookies. It reaches the handler without
   * a session, even on these paths, and any program can send one. A handler that responds to every method, for example
   * an API route below `pages/api`, must check the session itself, or respond to `OPTIONS` without data.
   *
   * @see https://fetch.spec.whatwg.org/#cors-preflight-fetch
   */
  readonly protect?: readonly string[] | ((request: NextRequest) => boolean) | undefined;
  /** Exceptions from `protect`. Default: none. */
  readonly publicPaths?: readonly string[] | undefined;
  /**
   * Creates the response to a request that needs a session and has none. Default: a redirect to the login for pages,
   * otherwise 401, even if it returns `undefined`.
   */
  readonly onUnauthenticated?:
    | ((request: NextRequest, loginUrl: URL) => Response | undefined | Promise<Response | undefined>)
    | undefined;
  /**
   * Paths, including all paths below them, whose responses are the same for all users. Their `Cache-Control` applies.
   * Default: none; Next's static files are always included.
   *
   * The proxy adds `private, no-store` and `Vary: Cookie` to all other responses to signed-in users, because in Next the
   * headers of a proxy override those of a route handler. On pages, Next replaces `Vary` by its own value, without
   * `Cookie`: `no-store` is what prevents a cache from storing a page.
   */
  readonly cacheablePaths?: readonly string[] | undefined;
  /** Access tokens to refresh before a page is rendered. Default: the token of the login; `[]` refreshes none. */
  readonly tokens?: readonly SessionTokenRequest[] | undefined;
  /**
   * The proxy of the application. It receives the request with the headers that the page receives. Default: the page
   * responds.
   */
  readonly respond?: ((request: NextRequest) => Response | Promise<Response>) | undefined;
}
