import { AccessTokenError, isUnavailableError, TransportError } from '@countersign/core/resource-server';
import { HttpException } from '@nestjs/common';
import { type ErrorLocation, isInstance, logUnexpectedError } from './unexpected-errors.ts';

/**
 * Converts what a policy throws, and logs an outage. The result never denies the request in place of the policy:
 *
 * - an unavailable service becomes a `TransportError`, for 503
 * - an exception of Nest and an `AccessTokenError` are decisions of the policy and are returned unchanged
 * - every other value is returned unchanged, and leads to 500
 */
export function toPolicyError(error: unknown, location: ErrorLocation): unknown {
  if (isInstance(error, AccessTokenError)) return error;
  if (isInstance(error, HttpException)) {
    if (error.getStatus() >= 500) logUnexpectedError(error, location);
    return error;
  }
  if (!isUnavailable(error)) return error;
  logUnexpectedError(error, location);
  const retryAfter = isInstance(error, TransportError) ? error.retryAfter : undefined;
  return new TransportError('server_error', 'A policy of this API is temporarily unavailable.', {
    retryAfter,
  });
}

/** Reads a member safely: the exception may be a proxy. */
function isUnavailable(error: unknown): boolean {
  try {
    return isUnavailableError(error);
  } catch {
    return false;
  }
}
