import type { Endpoint } from '@countersign/testing';

export const rejectIdToken = (check: string, after: Endpoint = 'token') => ({
  error: 'ValidationError' as const,
  code: 'id_token_invalid',
  check,
  after,
});
export const rejectResponse = (check: string) => ({
  error: 'ValidationError' as const,
  code: 'authorization_response_invalid',
  check,
  after: 'authorization' as const,
});
/** The keys are fetched before the claims of a signed response are checked. */
export const rejectSignedResponse = (check: string) => ({ ...rejectResponse(check), after: 'jwks' as const });
export const rejectMetadata = (check: string) => ({
  error: 'ValidationError' as const,
  code: 'metadata_invalid',
  check,
  after: 'discovery' as const,
});

/** A refreshed ID token of another user ends the login. */
export const endedLogin = { error: 'LoginRequiredError', code: 'session_ended', after: 'token' } as const;
