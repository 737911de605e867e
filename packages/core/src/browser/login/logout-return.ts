import { seconds } from '../../internal/clock.ts';
import { createRandomToken } from '../../internal/encoding.ts';
import { parseUrl } from '../../internal/parse-url.ts';
import { isTransactionExpired } from '../../protocol/login/authorization-transaction.ts';
import { findOrigin } from '../../protocol/secure-url.ts';
import type { BrowserContext } from '../options.ts';

const createName = ({ prefix }: BrowserContext) => `${prefix}logout state`;

/**
 * Creates the `state` of a logout and stores it in this tab. It expires like the transaction of a login.
 *
 * @returns `undefined` if the page after the logout cannot compare it: it is of another origin, or the tab has no storage
 * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
 */
export function createLogoutState(
  context: BrowserContext,
  postLogoutRedirectUri: string | undefined,
): string | undefined {
  const target = parseUrl(postLogoutRedirectUri ?? '');
  if (!target || findOrigin(target) !== findOrigin(location)) return undefined;
  const state = createRandomToken();
  return context.tabItems.set(createName(context), `${seconds(context.now)} ${state}`) ? state : undefined;
}

/** Returns `undefined` if no logout of this tab waits for its redirect. An expired state is deleted. */
function readLogoutState(context: BrowserContext): string | undefined {
  const { tabItems, now } = context;
  const name = createName(context);
  const item = tabItems.get(name);
  const [, createdAt, state] = /^(\d+) (.+)$/.exec(item ?? '') ?? [];
  if (!isTransactionExpired(Number(createdAt), seconds(now))) return state;
  if (item !== undefined) tabItems.remove(name);
  return undefined;
}

/**
 * Finishes a logout: removes the `state` of the logout from the address bar. A match shows that the redirect belongs to the
 * logout of this tab. Any other `state` is a parameter of the application.
 */
export function removeLogoutState(context: BrowserContext): void {
  const { tabItems, emitEvent, issuer } = context;
  const expected = readLogoutState(context);
  const page = new URL(location.href);
  const state = page.searchParams.get('state');
  const isLoginResponse = ['code', 'error', 'response'].some((parameter) => page.searchParams.has(parameter));
  if (expected === undefined || isLoginResponse || !/^[\w-]{43}$/.test(state ?? '')) return;
  const isVerified = state === expected;
  emitEvent({ type: 'logout.returned', issuer, verified: isVerified });
  if (!isVerified) return;
  tabItems.remove(createName(context));
  page.searchParams.delete('state');
  try {
    history.replaceState(history.state, '', page.href);
  } catch {
    // Some frames may not change their address.
  }
}
