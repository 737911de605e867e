import { AuthorizationServerError } from '../../errors.ts';
import { isAccessDenied } from '../../protocol/error-code.ts';
import type { BrowserContext } from '../options.ts';
import type { BrowserTransaction } from './browser-transaction.ts';

// A provider may ignore `offline_access` without `prompt=consent` (OpenID Connect Core section 11). After a login without a
// refresh token, the next logins ask for consent. The first of them that succeeds decides whether all later logins ask too.
// The transaction contains the prompt, so a login that the user leaves, or another tab, decides nothing.

/** `denied`: the user denied a login that asked for consent. `rejected`: no further login asks, until one shows the result. */
type Consent = 'wanted' | 'denied' | 'rejected' | 'always' | 'never';

const createName = ({ prefix }: BrowserContext) => `${prefix}consent`;

const hasOfflineAccess = (scope: string) => scope.split(' ').includes('offline_access');

const isConsentRequested = ({ scope, prompt = '' }: BrowserTransaction) =>
  hasOfflineAccess(scope) && prompt.split(' ').includes('consent');

const isAsking = (consent: Consent | undefined) =>
  consent === 'wanted' || consent === 'denied' || consent === 'always';

/** Returns the `prompt` of a login for which the application chose none. */
export function findConsentPrompt(context: BrowserContext, scope: string): 'consent' | undefined {
  if (!hasOfflineAccess(scope)) return undefined;
  return isAsking(read(context)) ? 'consent' : undefined;
}

/** Records whether the provider issued a refresh token. */
export function recordConsent(
  context: BrowserContext,
  transaction: BrowserTransaction,
  { hasRefreshToken }: { readonly hasRefreshToken: boolean },
): void {
  const consent = read(context);
  if (isConsentRequested(transaction)) {
    if (consent === 'wanted' || consent === 'denied') write(context, hasRefreshToken ? 'always' : 'never');
    return;
  }
  if (!hasOfflineAccess(transaction.scope)) return;
  if (consent === 'rejected') write(context, hasRefreshToken ? undefined : 'never');
  else if (consent === undefined && !hasRefreshToken) write(context, 'wanted');
}

/**
 * Records that the provider rejected a login. A user who denies the consent is asked once more. The logins after that ask for
 * none, so that a user or a client that may not consent can log in.
 */
export function recordRejection(
  context: BrowserContext,
  transaction: BrowserTransaction,
  error: unknown,
): void {
  // An error of the token endpoint follows a consent that was given.
  if (!(error instanceof AuthorizationServerError) || error.code !== 'authorization_error') return;
  if (!isConsentRequested(transaction)) return;
  const consent = read(context);
  if (!isAsking(consent)) return;
  write(context, isAccessDenied(error.error) && consent !== 'denied' ? 'denied' : 'rejected');
}

// It concerns the provider, not the user, so it remains after a logout. Without `localStorage` no consent is requested.

function read(context: BrowserContext): Consent | undefined {
  try {
    const consent = localStorage.getItem(createName(context)) ?? '';
    return /^(wanted|denied|rejected|always|never)$/.test(consent) ? (consent as Consent) : undefined;
  } catch {
    return undefined;
  }
}

function write(context: BrowserContext, consent: Consent | undefined): void {
  try {
    localStorage.setItem(createName(context), consent ?? '');
  } catch {
    // Denied or full.
  }
}
