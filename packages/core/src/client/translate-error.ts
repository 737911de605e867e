import * as oauth from 'oauth4webapi';
import {
  AuthError,
  AuthorizationServerError,
  ConfigurationError,
  ValidationError,
  type ValidationErrorCode,
} from '../errors.ts';

/**
 * Turns what the protocol library throws into an error of ours. Its own error is not kept as `cause`:
 * it carries response bodies and parameters, and with them tokens and codes.
 */
export function translate(error: unknown, code: ValidationErrorCode, check: string): Error {
  if (error instanceof AuthError) return error;
  if (error instanceof oauth.ResponseBodyError) {
    return new AuthorizationServerError('token_error', `The provider refused: ${code_(error.error)}`, {
      error: error.error,
      errorDescription: error.error_description,
      status: error.status,
    });
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    const parameters = error.cause[0]?.parameters;
    const name = parameters?.error ?? 'invalid_token';
    return new AuthorizationServerError('endpoint_error', `The provider refused: ${code_(name)}`, {
      error: name,
      errorDescription: parameters?.error_description,
      status: error.status,
    });
  }
  const {
    code: reason,
    cause,
    message,
  } = error as { code?: string; cause?: { claim?: unknown }; message?: string };
  if (reason === oauth.MISSING_SERVER_METADATA || reason === oauth.INVALID_SERVER_METADATA) {
    return new ConfigurationError('unsupported_by_provider', String(message));
  }
  return new ValidationError(code, checkOf(reason, cause, check), messageOf(code, reason, cause, check));
}

function checkOf(
  reason: string | undefined,
  cause: { claim?: unknown } | undefined,
  fallback: string,
): string {
  if (typeof cause?.claim === 'string') return cause.claim;
  if (reason === oauth.JWT_TIMESTAMP_CHECK) return 'exp';
  if (reason === oauth.KEY_SELECTION) return 'kid';
  return fallback;
}

function messageOf(
  code: string,
  reason: string | undefined,
  cause: { claim?: unknown } | undefined,
  check: string,
): string {
  const what = code.replaceAll('_', ' ');
  return `${what}: ${checkOf(reason, cause, check)} is not what it must be${reason ? ` (${reason})` : ''}`;
}

const code_ = (error: string) => error.replace(/[^\w.:-]/g, '').slice(0, 100);
