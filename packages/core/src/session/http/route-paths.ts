/** The path of each route, including the base path. */
export interface RoutePaths {
  readonly login: string;
  readonly callback: string;
  readonly logout: string;
  readonly session: string;
  readonly accessToken: string;
  readonly backchannelLogout: string;
}

/** Creates the paths of the routes below this prefix, for example `/auth`. */
export function createRoutePaths(prefix: string): RoutePaths {
  return {
    login: `${prefix}/login`,
    callback: `${prefix}/callback`,
    logout: `${prefix}/logout`,
    session: `${prefix}/session`,
    accessToken: `${prefix}/access-token`,
    backchannelLogout: `${prefix}/backchannel-logout`,
  };
}

/**
 * Finds the route with this path. A path with a trailing slash is the same route: frameworks can be configured to add one
 * to each path.
 *
 * @returns the name of the route, `undefined` for every other path
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-3.3
 * @example
 * ```ts
 * import type { WebSessions } from '@countersign/core/session';
 * import { findRoute } from '@countersign/core/session/adapter';
 *
 * export const isRoute = ({ paths }: WebSessions, request: Request): boolean =>
 *   findRoute(paths, new URL(request.url).pathname) !== undefined;
 * ```
 */
export function findRoute(paths: RoutePaths, pathname: string): keyof RoutePaths | undefined {
  const path = pathname.endsWith('/') ? pathname.slice(0, -1) : pathname;
  return (Object.keys(paths) as (keyof RoutePaths)[]).find((name) => paths[name] === path);
}
