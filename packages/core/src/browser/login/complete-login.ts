import { seconds } from '../../internal/clock.ts';
import { createRandomToken } from '../../internal/encoding.ts';
import { createTokenSet } from '../../tokens/token-set.ts';
import type { BrowserContext } from '../options.ts';
import { loginHasEnded } from '../refresh-once.ts';
import type { KeptLogin } from '../state/kept-login.ts';
import { findHolder, isSameHolder, type KeptTokenSet, type LoginHolder } from '../state/login-holder.ts';
import { exchangeCode } from '../wire/token-request.ts';
import { type BrowserTransaction, validateAuthorization } from './authorization.ts';
import { revoke } from './end-login.ts';

/** A login under way, and what there was when it began. */
export interface LoginAttempt {
  /** The generation in which it began. */
  readonly begun: number;
  readonly before: KeptTokenSet | undefined;
  /** The only user who is accepted. */
  readonly holder?: LoginHolder | undefined;
  /** Whether the user has seen it. */
  readonly isVisible: boolean;
}

/** What came back from the provider for one login. */
export interface LoginAnswer {
  readonly parameters: URLSearchParams;
  readonly transaction: BrowserTransaction | undefined;
}

/**
 * From the provider's answer to kept tokens; all or nothing.
 *
 * @returns the user who is signed in now
 * @throws LoginRequiredError `session_ended` after a logout or another login meanwhile, or for another user than asked
 */
export async function completeLogin(
  context: BrowserContext,
  login: KeptLogin,
  answer: LoginAnswer & LoginAttempt,
): Promise<{ readonly sub: string }> {
  const { begun, before: tokensBefore, holder, isVisible } = answer;
  const { code, transaction } = await validateAuthorization(context, answer.parameters, answer.transaction);
  const response = await exchangeCode(context, code, transaction);
  const tokens = createTokenSet(response, seconds(context.now), { resource: transaction.resource[0] });
  const { iss, sub } = response.claims;
  const isSameUser = (other: LoginHolder | undefined) => isSameHolder({ iss, sub }, other);
  // Another user is signed in at the provider. The tokens are dropped, not revoked: with a refresh token many
  // providers end the whole grant, and with it the login of that user in another tab.
  if (holder && !isSameUser(holder)) throw loginHasEnded();
  const before = findHolder(tokensBefore);
  let found: KeptTokenSet | undefined;
  let next: KeptTokenSet | undefined;
  let own: number | undefined;
  await login.update((kept) => {
    found = kept;
    const current = findHolder(kept);
    const isUnchanged =
      begun === login.generation() &&
      // The ended login of another user does not prevent this one.
      (isSameHolder(holder ?? before, current) || (isVisible && !kept && !isSameUser(before)));
    // A logout, or another login, came first; the same user may complete two logins.
    if (!isUnchanged && !(isVisible && isSameUser(current))) return kept;
    const continued = isSameUser(current) ? current?.login : undefined;
    // What is under way in a login that goes on stays so.
    own = continued ? login.generation() : login.advance();
    next = { ...tokens, login: continued || createRandomToken() };
    return next;
  });
  if (next && own === login.generation()) login.publishTokens(next);
  // The same user has logged in in another tab meanwhile: that login is the one to use.
  else if (found && begun === login.generation() && isSameUser(findHolder(found))) login.publishTokens(found);
  else {
    // After a logout nothing that was issued stays valid (RFC 7009 section 2.1).
    if (next || !found) await revoke(context, tokens).catch(() => {});
    throw loginHasEnded();
  }
  context.tell({ type: 'login.succeeded', issuer: iss, clientId: context.clientId, sub });
  return { sub };
}
