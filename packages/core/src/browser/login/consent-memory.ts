import type { BrowserContext } from '../options.ts';
import type { BrowserTransaction } from './browser-transaction.ts';

// A provider may ignore `offline_access` without `prompt=consent` (OpenID Connect Core section 11). After a login without a
// refresh token, the next login asks for consent once. If it succeeds, all later logins ask too.

type Consent = 'wanted' | 'requested' | 'always' | 'never';

const createName = ({ prefix }: BrowserContext) => `${prefix}consent`;

const hasOfflineAccess = (scope: string) => scope.split(' ').includes('offline_access');

/** Returns the `prompt` of a login for which the application chose none. */
export function findConsentPrompt(context: BrowserContext, scope: string): 'consent' | undefined {
  if (!hasOfflineAccess(scope)) return undefined;
  const consent = read(context);
  if (consent === 'wanted') write(context, 'requested');
  return consent === 'wanted' || consent === 'always' ? 'consent' : undefined;
}

/** Remembers whether the provider issued a refresh token. */
export function rememberConsent(
  context: BrowserContext,
  { scope }: BrowserTransaction,
  { hasRefreshToken }: { readonly hasRefreshToken: boolean },
): void {
  if (!hasOfflineAccess(scope)) return;
  const consent = read(context);
  if (consent === 'requested') write(context, hasRefreshToken ? 'always' : 'never');
  else if (consent === undefined && !hasRefreshToken) write(context, 'wanted');
}

// It concerns the provider, not the user, so it remains after a logout. Without `localStorage` no consent is requested.

function read(context: BrowserContext): Consent | undefined {
  try {
    return (localStorage.getItem(createName(context)) ?? undefined) as Consent | undefined;
  } catch {
    return undefined;
  }
}

function write(context: BrowserContext, consent: Consent): void {
  try {
    localStorage.setItem(createName(context), consent);
  } catch {
    // Denied or full.
  }
}
