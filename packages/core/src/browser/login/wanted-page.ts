import { seconds } from '../../internal/clock.ts';
import { parseUrl } from '../../internal/parse-url.ts';
import { isTransactionExpired } from '../../protocol/login/authorization-transaction.ts';
import { isRedirectUri } from '../../protocol/login/redirect-uri.ts';
import { sanitizeReturnTo } from '../../protocol/login/return-to.ts';
import { findOrigin } from '../../protocol/secure-url.ts';
import type { BrowserContext } from '../options.ts';

// After a failed login the page is the redirect URI, or shows the failure. The next login from there returns to the page
// that the user wanted at first.

const createName = ({ prefix }: BrowserContext) => `${prefix}wanted`;

/** @param page the page that the failed login wanted. Default: the folder of the redirect URI */
export function saveWantedPage(context: BrowserContext, page: string | undefined): void {
  const { tabItems, now } = context;
  tabItems.set(createName(context), `${seconds(now)} ${page ?? findDefaultPage(context)}`);
}

/** A custom scheme may have no folder: "com.example:cb" (RFC 3986 section 3.3). */
const findDefaultPage = ({ options }: BrowserContext) =>
  toPath(parseUrl('.', options.redirectUri)?.href ?? '/');

/** Finds the page that the last failed login wanted. Default: the folder of the redirect URI. */
export const findWantedPage = (context: BrowserContext): string =>
  readWantedPage(context) ?? findDefaultPage(context);

export function deleteWantedPage(context: BrowserContext): void {
  context.tabItems.remove(createName(context));
}

/**
 * Finds the page to show after a login.
 *
 * @param options `requestedPage`: the page that the application requested, which is never replaced. Default: the current page.
 *   `isFailureShown`: the current page shows that a login failed.
 */
export function findReturnTo(
  context: BrowserContext,
  {
    requestedPage,
    isFailureShown,
  }: { readonly requestedPage: string | undefined; readonly isFailureShown: boolean },
): string {
  if (requestedPage !== undefined) return toPath(requestedPage);
  const isFailurePage = isFailureShown || isFailurePageUrl(location.href, context.options.redirectUri);
  return (isFailurePage ? readWantedPage(context) : undefined) ?? toPath(location.href);
}

/** With hash routing, each page is the redirect URI with another fragment. The root page of the router is `#/`. */
const isFailurePageUrl = (href: string, redirectUri: string) =>
  isRedirectUri(href, redirectUri) && /^(#\/?)?$/.test(new URL(href).hash);

/** Returns `undefined` if the page is unknown, or its login is too old. */
function readWantedPage(context: BrowserContext): string | undefined {
  const [, createdAt, page] = /^(\d+) (.*)$/.exec(context.tabItems.get(createName(context)) ?? '') ?? [];
  if (page === undefined || isTransactionExpired(Number(createdAt), seconds(context.now))) return undefined;
  return toPath(page);
}

const toPath = (page: string) =>
  sanitizeReturnTo(page, { origin: findOrigin(location), maxLength: Number.POSITIVE_INFINITY });
