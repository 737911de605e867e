import { ConfigurationError, ValidationError } from '../../errors.ts';

/**
 * Checks whether a browser sends a cookie with this path to a page.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-5.1.4
 */
export const coversPath = (cookiePath: string, pathname: string): boolean =>
  pathname === cookiePath || pathname.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);

/**
 * Checks the option `cookie.path`. Without the session cookie, the logout route could not end the session.
 *
 * @param routes the path of the routes
 */
export function checkCookiePath(path: string | undefined, routes: string): void {
  if (path === undefined) return;
  if (/^\/[!-:<-~]*$/.test(path) && coversPath(path, `${routes}/logout`)) return;
  throw new ConfigurationError(
    'invalid_option',
    `"cookie.path" is "${path}", expected a path that covers the routes below "${routes}", for example "/": the logout would not receive the session cookie.`,
  );
}

/**
 * Checks that a page that needs a session receives the session cookie. A login would not help, and the application and the
 * provider would redirect the browser to each other.
 *
 * @param page path of the page, with or without query
 * @throws ValidationError `session_cookie_missing`
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-5.1.4
 * @example
 * ```ts
 * import type { WebSessions } from '@countersign/core/session';
 * import { requireCoveredPage } from '@countersign/core/session/adapter';
 *
 * export function checkPage(sessions: WebSessions, request: Request): void {
 *   requireCoveredPage(sessions.cookiePath, new URL(request.url).pathname);
 * }
 * ```
 */
export function requireCoveredPage(cookiePath: string, page: string): void {
  const pathname = page.replace(/[?#].*$/s, '');
  if (coversPath(cookiePath, pathname)) return;
  throw new ValidationError(
    'session_cookie_missing',
    'cookie',
    `The page "${pathname}" needs a session, but browsers do not send it the session cookie: "cookie.path" is "${cookiePath}". Set "cookie.path" to a path that covers the page, or move the page below it.`,
  );
}
