import * as oauth from 'oauth4webapi';
import {
  AuthError,
  AuthorizationServerError,
  type AuthorizationServerErrorCode,
  ConfigurationError,
  ValidationError,
  type ValidationErrorCode,
} from '../../errors.ts';

/** In which words an error is told. */
export interface Translation {
  /** For what is not what it must be. */
  readonly code: ValidationErrorCode;
  /** What failed, when the error itself does not say. */
  readonly check: string;
  /** For a refusal of the provider. Default: `endpoint_error`. */
  readonly refusal?: AuthorizationServerErrorCode;
}

/**
 * Turns what the protocol library throws into an error of ours. Its own error is not kept as `cause`:
 * it carries response bodies and parameters, and with them tokens and codes.
 */
export function translateError(
  error: unknown,
  { code, check, refusal = 'endpoint_error' }: Translation,
): Error {
  if (error instanceof AuthError) return error;
  if (error instanceof oauth.ResponseBodyError) {
    return new AuthorizationServerError(
      refusal,
      `The provider refused: ${toPrintableErrorCode(error.error)}`,
      {
        error: error.error,
        errorDescription: textOf(error.error_description),
        status: error.status,
      },
    );
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    const parameters = error.cause.find(({ parameters }) => parameters.error)?.parameters;
    const name = parameters?.error ?? 'invalid_token';
    return new AuthorizationServerError(refusal, `The provider refused: ${toPrintableErrorCode(name)}`, {
      error: name,
      errorDescription: parameters?.error_description,
      status: error.status,
    });
  }
  const { code: reason, message = '' } = error as { code?: string; message?: string };
  if (reason === oauth.MISSING_SERVER_METADATA || reason === oauth.INVALID_SERVER_METADATA) {
    return new ConfigurationError('unsupported_by_provider', message);
  }
  const failed = findFailedCheck(error) ?? check;
  const what = code.replaceAll('_', ' ');
  return new ValidationError(
    code,
    failed,
    `${what}: ${failed} is not what it must be${reason ? ` (${reason})` : ''}`,
  );
}

/** The claim, member or parameter that the protocol library found wrong. */
export function findFailedCheck(error: unknown): string | undefined {
  const {
    code: reason,
    cause,
    message = '',
  } = error as { code?: unknown; cause?: unknown; message?: string };
  const { claim, attribute } = (cause ?? {}) as { claim?: unknown; attribute?: unknown };
  if (typeof claim === 'string') return claim;
  if (typeof attribute === 'string') return attribute;
  if (reason === oauth.JWT_TIMESTAMP_CHECK) return 'exp';
  if (reason === oauth.KEY_SELECTION) return 'kid';
  if (reason === oauth.RESPONSE_IS_NOT_JSON) return 'content_type';
  if (reason === oauth.RESPONSE_IS_NOT_CONFORM) return 'status';
  if (/signature verification/.test(message)) return 'signature';
  if (/decryption/.test(message)) return 'decryption';
  // Its messages name members in quotes, and never quote a value.
  const named = [...message.matchAll(/["`]([a-z_]{2,40})["`]/g)].map((match) => match[1]);
  return named.find((name) => name !== 'response' && name !== 'parameters' && name !== 'ref');
}

/** An error code of the provider as part of a message: nothing but its characters (RFC 6749 section 5.2). */
export const toPrintableErrorCode = (error: string) => error.replace(/[^\w.:-]/g, '').slice(0, 100);

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);
