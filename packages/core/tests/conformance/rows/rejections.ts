import type { Endpoint } from '@countersign/testing';

export const idToken = (check: string, after: Endpoint = 'token') => ({
  error: 'ValidationError' as const,
  code: 'id_token_invalid',
  check,
  after,
});
export const response = (check: string) => ({
  error: 'ValidationError' as const,
  code: 'authorization_response_invalid',
  check,
  after: 'authorization' as const,
});
/** The keys are fetched before the claims of a signed response are checked. */
export const signedResponse = (check: string) => ({ ...response(check), after: 'jwks' as const });
export const metadata = (check: string) => ({
  error: 'ValidationError' as const,
  code: 'metadata_invalid',
  check,
  after: 'discovery' as const,
});

/** A refreshed ID token of another user ends the login. */
export const endedLogin = { error: 'LoginRequiredError', code: 'session_ended', after: 'token' } as const;
