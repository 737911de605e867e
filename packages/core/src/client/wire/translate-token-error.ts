import * as oauth from 'oauth4webapi';
import { translateError } from './translate-error.ts';

/** Translates an error of the protocol library, about a token response or its ID token. */
export function translateTokenError(error: unknown): Error {
  return translateError(error, {
    code: isAboutIdToken(error) ? 'id_token_invalid' : 'token_response_invalid',
    check: 'token_response',
    serverErrorCode: 'token_error',
  });
}

/** The protocol library attaches claims or a header to errors about a token, and a body to errors about a response. */
function isAboutIdToken(error: unknown): boolean {
  const { cause, code, message = '' } = error as { cause?: unknown; code?: unknown; message?: string };
  if (/JWT|JWE|JWS|id_token/.test(message)) return true;
  if (
    code === oauth.JWT_CLAIM_COMPARISON ||
    code === oauth.JWT_TIMESTAMP_CHECK ||
    code === oauth.KEY_SELECTION
  )
    return true;
  if (typeof cause === 'string') return true;
  if (typeof cause !== 'object' || cause === null) return false;
  return 'claims' in cause || 'header' in cause || 'alg' in cause || 'signature' in cause;
}
