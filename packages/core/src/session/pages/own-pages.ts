import { ConfigurationError, nameForeignError } from '../../errors.ts';
import { writeLine } from '../../internal/console-lines.ts';
import { sanitizeReturnTo } from '../../protocol/login/return-to.ts';
import { type CookieToSet, serializeCookie } from '../cookies/cookies.ts';
import { isSamePage } from '../http/path-match.ts';
import { createRedirect, createSessionHeaders } from '../http/responses.ts';
import type { PageName } from './page-messages.ts';
import { describeValue, isTextObject } from './text-values.ts';

/** What a page of the application receives. No value contains a secret or a text of the provider. */
export interface PageContext {
  /** The request that the page responds to. Its URL can contain an authorization code: do not log it. */
  readonly request: Request;
  readonly page: PageName;
  /** The HTTP status of the built-in page. */
  readonly status: number;
  /** The code of the error, see `docs/errors.md`. Absent without an error. */
  readonly code?: string;
  /** The failed check, or the provider's error code, for example `access_denied`. */
  readonly reason?: string;
  /** Title of the built-in page in the user's language, as plain text: escape it. */
  readonly title: string;
  /** Text of the built-in page in the user's language, as plain text: escape it. */
  readonly text: string;
  /** The page that the user wanted. For a page about a logout: where to send the user afterwards. */
  readonly returnTo: string;
  /** Starts the login again, and leads to `returnTo` afterwards. */
  readonly loginUrl: string;
  /** Logs the user out if a form of this application posts `returnTo` to it. */
  readonly logoutUrl: string;
  /** Fields of the form that repeats a logout that could not be completed: it posts them to `logoutUrl`. Default: none. */
  readonly logoutFields?: Readonly<Record<string, string>>;
  /** The start page of the application. */
  readonly homeUrl: string;
}

/**
 * A page of the application: a path, to which the user is redirected with the query parameters `code`, `reason` and
 * `returnTo`; or a function that returns the response. The path includes the base path, and must not need a session.
 */
export type OwnPage = string | ((context: PageContext) => Response | Promise<Response>);

/** Pages of the application that replace the built-in ones. Responses to requests that do not accept HTML are JSON. */
export interface OwnPages {
  /** Errors. Default: the built-in page. */
  readonly error?: OwnPage;
  /** A login that the user or the provider denied, for example on the consent page. Default: the page for errors. */
  readonly denied?: OwnPage;
  /** The question before a logout that a link requested. Default: the built-in page. */
  readonly logout?: OwnPage;
  /** After a logout at which the provider stays signed in: it has no logout, or cannot be reached. Default: the built-in page. */
  readonly loggedOut?: OwnPage;
}

/** @throws ConfigurationError if a page is neither a function nor a path of the application outside of the routes */
export function checkOwnPages(pages: unknown, { origin, routes }: { origin: string; routes: string }): void {
  if (pages === undefined) return;
  if (!isTextObject(pages)) {
    throw new ConfigurationError(
      'invalid_option',
      `"pages" is ${describeValue(pages)}, expected an object of pages, for example { error: "/login-error" }.`,
    );
  }
  for (const [name, page] of Object.entries(pages)) {
    if (page === undefined || typeof page === 'function') continue;
    const path = typeof page === 'string' ? sanitizeReturnTo(page, { origin, fallback: '' }) : '';
    if (typeof page === 'string' && page.startsWith('/') && path !== '' && !path.startsWith(`${routes}/`))
      continue;
    throw new ConfigurationError(
      'invalid_option',
      `"pages.${name}" is ${describeValue(page)}, expected a function, or a path of the application that is not below "${routes}", for example "/login-error".`,
    );
  }
}

/** The pages about the logout lead to `returnTo` only after the user has acted. */
const logoutPages: readonly PageName[] = ['logoutQuestion', 'providerStaysSignedIn'];

const findOwnPage = ({ error, denied, logout, loggedOut }: OwnPages, page: PageName): OwnPage | undefined => {
  if (page === 'logoutQuestion') return logout;
  if (page === 'providerStaysSignedIn') return loggedOut;
  return page === 'denied' ? (denied ?? error) : error;
};

/** Creates the response of the application's page. Returns `undefined` if there is none, or it failed. */
export async function createOwnPage(
  {
    options,
    baseUrl,
  }: { readonly options: { readonly pages?: OwnPages | undefined }; readonly baseUrl: URL },
  page: PageContext,
  cookies: readonly CookieToSet[],
): Promise<Response | undefined> {
  const ownPage = findOwnPage(options.pages ?? {}, page.page);
  if (ownPage === undefined) return undefined;
  if (typeof ownPage === 'function') return runOwnPage(ownPage, page, cookies);
  const url = new URL(ownPage, baseUrl.origin);
  // If the error page needs a session, its login fails too, and the redirect would be a loop.
  const { error, denied } = options.pages ?? {};
  const errorPages = logoutPages.includes(page.page) ? [] : [error, denied];
  const wantedPath = new URL(page.returnTo, baseUrl.origin).pathname;
  for (const path of [ownPage, ...errorPages]) {
    if (typeof path === 'string' && isSamePage(new URL(path, baseUrl.origin).pathname, wantedPath))
      return undefined;
  }
  const { code, reason, returnTo } = page;
  for (const [name, value] of Object.entries({ code, reason, returnTo })) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return createRedirect(url.href.slice(url.origin.length), cookies);
}

async function runOwnPage(
  ownPage: Exclude<OwnPage, string>,
  page: PageContext,
  cookies: readonly CookieToSet[],
): Promise<Response | undefined> {
  try {
    const response = await ownPage(page);
    const headers = new Headers(response.headers);
    for (const [name, value] of createSessionHeaders()) {
      if (name === 'cache-control' || !headers.has(name)) headers.set(name, value);
    }
    for (const cookie of cookies) headers.append('set-cookie', serializeCookie(cookie));
    return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
  } catch (error) {
    const text = `the function for the page "${page.page}" failed: ${nameForeignError(error)}`;
    writeLine('error', { kind: text, text });
    return undefined;
  }
}
