import { LoginRequiredError, type TokenSet } from '@countersign/core';
import type { Session } from '../session.ts';

/**
 * Returns the stored tokens.
 *
 * @throws LoginRequiredError `not_signed_in`
 */
export async function readTokens({ file }: Session): Promise<TokenSet> {
  const tokens = await file.read();
  if (tokens) return tokens;
  throw new LoginRequiredError('not_signed_in', 'You are not signed in. Run "login" first.');
}
