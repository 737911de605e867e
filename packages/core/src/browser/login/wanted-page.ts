import { seconds } from '../../internal/clock.ts';
import { transactionLifetime } from '../../protocol/login/authorization-transaction.ts';
import { isRedirectUri } from '../../protocol/login/redirect-uri.ts';
import { sanitizeReturnTo } from '../../protocol/login/return-to.ts';
import { findOrigin } from '../../protocol/secure-url.ts';
import type { BrowserContext } from '../options.ts';

// After a failed login the page is the redirect URI, or shows the failure. The next login from there returns to the page
// that the user wanted at first.

const createName = ({ prefix }: BrowserContext) => `${prefix}wanted`;

/** @param page the page that the failed login wanted. Default: the folder of the redirect URI */
export function saveWantedPage(context: BrowserContext, page: string | undefined): void {
  const { tabItems, now, options } = context;
  const fallback = toPath(new URL('.', options.redirectUri).href);
  tabItems.set(createName(context), `${seconds(now)} ${page ?? fallback}`);
}

export function deleteWantedPage(context: BrowserContext): void {
  context.tabItems.remove(createName(context));
}

/**
 * Finds the page to show after a login.
 *
 * @param options `requestedPage`: the page that the application requested. Default: the current page. `isFailureShown`: the
 *   current page shows that a login failed.
 */
export function findReturnTo(
  context: BrowserContext,
  {
    requestedPage,
    isFailureShown,
  }: { readonly requestedPage: string | undefined; readonly isFailureShown: boolean },
): string {
  const returnTo = toPath(requestedPage ?? location.href);
  const { redirectUri } = context.options;
  const isWanted =
    isRedirectUri(new URL(returnTo, location.href).href, redirectUri) ||
    (requestedPage === undefined && isFailureShown);
  return (isWanted ? readWantedPage(context) : undefined) ?? returnTo;
}

function readWantedPage(context: BrowserContext): string | undefined {
  const [, createdAt, page] = /^(\d+) (.*)$/.exec(context.tabItems.get(createName(context)) ?? '') ?? [];
  if (page === undefined || seconds(context.now) - Number(createdAt) > transactionLifetime) return undefined;
  return toPath(page);
}

const toPath = (page: string) =>
  sanitizeReturnTo(page, { origin: findOrigin(location), maxLength: Number.POSITIVE_INFINITY });
