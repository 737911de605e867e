import * as oauth from 'oauth4webapi';
import {
  AuthError,
  AuthorizationServerError,
  type AuthorizationServerErrorCode,
  ConfigurationError,
  ValidationError,
  type ValidationErrorCode,
} from '../../errors.ts';
import { toPrintableErrorCode } from '../../protocol/error-code.ts';
import { explainFailedCheck } from './explain-failed-check.ts';

export interface ErrorTranslation {
  /** The code of a `ValidationError`. */
  readonly code: ValidationErrorCode;
  /** The failed check, if the error does not identify it. */
  readonly check: string;
  /** The code of an `AuthorizationServerError`. Default: `endpoint_error`. */
  readonly serverErrorCode?: AuthorizationServerErrorCode;
}

/**
 * Converts an error of the protocol library to an `AuthError`. The original error is not attached as `cause`, because
 * it contains response bodies and parameters, and these contain tokens and codes.
 */
export function translateError(
  error: unknown,
  { code, check, serverErrorCode = 'endpoint_error' }: ErrorTranslation,
): Error {
  if (error instanceof AuthError) return error;
  if (error instanceof oauth.ResponseBodyError) {
    const { error_description: description } = error;
    return createServerError(serverErrorCode, {
      error: error.error,
      errorDescription: typeof description === 'string' ? description : undefined,
      status: error.status,
    });
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    const parameters = error.cause.find(({ parameters }) => parameters.error)?.parameters;
    return createServerError(serverErrorCode, {
      error: parameters?.error ?? 'invalid_token',
      errorDescription: parameters?.error_description,
      status: error.status,
    });
  }
  const { code: reason, message = '' } = (error ?? {}) as { code?: string; message?: string };
  if (reason === oauth.MISSING_SERVER_METADATA || reason === oauth.INVALID_SERVER_METADATA) {
    const { attribute } = ((error as { cause?: unknown }).cause ?? {}) as { attribute?: unknown };
    return typeof attribute === 'string'
      ? createMissingEndpointError(attribute)
      : new ConfigurationError('unsupported_by_provider', message);
  }
  const failedCheck = findFailedCheck(error) ?? check;
  return new ValidationError(code, failedCheck, explainFailedCheck(error, failedCheck, code));
}

/** Creates the error for an endpoint that the metadata does not contain, or whose address was removed as invalid. */
export const createMissingEndpointError = (name: string) =>
  new ConfigurationError(
    'unsupported_by_provider',
    `The provider's metadata has no "${name}" that is an https URL, so the provider does not support this operation. If it does, set the option metadata.`,
  );

function createServerError(
  code: AuthorizationServerErrorCode,
  details: ConstructorParameters<typeof AuthorizationServerError>[2],
): AuthorizationServerError {
  const message = `The provider returned the error "${toPrintableErrorCode(details.error)}"`;
  return new AuthorizationServerError(code, message, details);
}

/** Finds the claim, member or parameter that failed a check of the protocol library. */
function findFailedCheck(error: unknown): string | undefined {
  const {
    code: reason,
    cause,
    message = '',
  } = (error ?? {}) as { code?: unknown; cause?: unknown; message?: string };
  const { claim, attribute } = (cause ?? {}) as { claim?: unknown; attribute?: unknown };
  if (typeof claim === 'string') return claim;
  if (typeof attribute === 'string') return attribute;
  if (reason === oauth.JWT_TIMESTAMP_CHECK) return 'exp';
  if (reason === oauth.KEY_SELECTION) return 'kid';
  if (reason === oauth.RESPONSE_IS_NOT_JSON) return 'content_type';
  if (reason === oauth.RESPONSE_IS_NOT_CONFORM) return 'status';
  if (/signature verification/.test(message)) return 'signature';
  if (/decryption/.test(message)) return 'decryption';
  // Messages of the protocol library quote names of members and never values.
  const names = [...message.matchAll(/["`]([a-z_]{2,40})["`]/g)].map((match) => match[1]);
  return names.find((name) => name !== 'response' && name !== 'parameters' && name !== 'ref');
}
