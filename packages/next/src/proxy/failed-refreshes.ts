import {
  type AuthError,
  AuthorizationServerError,
  type AuthorizationServerErrorCode,
  ConfigurationError,
  type ConfigurationErrorCode,
  LoginRequiredError,
  type LoginRequiredErrorCode,
  TransportError,
  type TransportErrorCode,
  ValidationError,
  type ValidationErrorCode,
} from '@countersign/core';
import type { FailedRefresh, SessionTokenRequest } from '@countersign/core/session';

// The proxy refreshes before a page is rendered. If the refresh fails, the page cannot refresh either. It must report this
// cause, and not a missing proxy. On the edge runtime, proxy and page share nothing but the headers of the request.

/** Passes the failures of the proxy to the page. */
export const failureHeader = 'x-auth-refresh-failed';

/** Writes failures into a header value. It contains no message, because a client could send the header too. */
export const writeFailedRefreshes = (failures: readonly FailedRefresh[]): string =>
  failures.map(({ error, ...request }) => writeFailure(request, error).toString()).join(',');

function writeFailure({ resource, scope }: SessionTokenRequest, error: AuthError): URLSearchParams {
  const { status, retryAfter } = error as Partial<TransportError>;
  const prompt = error instanceof LoginRequiredError ? error.authorization?.prompt : undefined;
  const members = { name: error.name, code: error.code, status, retryAfter, prompt, resource, scope };
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(members)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters;
}

/** Characters of a header that is read. */
const maxLength = 4_000;

/** Reads the value of {@link writeFailedRefreshes}. Other values are ignored. */
export function readFailedRefreshes(value: string | null): readonly FailedRefresh[] {
  if (value === null || value.length > maxLength) return [];
  return value.split(',').flatMap((part) => {
    const parameters = new URLSearchParams(part);
    const error = readError(parameters);
    if (!error) return [];
    const resource = parameters.get('resource') ?? undefined;
    const scope = parameters.get('scope') ?? undefined;
    return [{ resource, scope, error }];
  });
}

function readError(parameters: URLSearchParams): AuthError | undefined {
  const code = parameters.get('code') ?? '';
  if (!/^[a-z_]{1,40}$/.test(code)) return undefined;
  const readNumber = (name: string) => {
    const text = parameters.get(name) ?? '';
    return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
  };
  const status = readNumber('status');
  const message = `The proxy could not refresh the access token before this page was rendered (${code}${status === undefined ? '' : `, status ${status}`}). The event "refresh.failed" of the proxy has the details.`;
  switch (parameters.get('name')) {
    case 'TransportError':
      return new TransportError(code as TransportErrorCode, message, {
        ...(status !== undefined && { status }),
        ...(readNumber('retryAfter') !== undefined && { retryAfter: readNumber('retryAfter') }),
      });
    case 'LoginRequiredError': {
      const prompt = parameters.get('prompt') ?? '';
      return new LoginRequiredError(code as LoginRequiredErrorCode, message, {
        status,
        ...(/^[a-z_]{1,40}$/.test(prompt) && { authorization: { prompt } }),
      });
    }
    case 'AuthorizationServerError':
      return new AuthorizationServerError(code as AuthorizationServerErrorCode, message, {
        error: code,
        status,
      });
    case 'ValidationError':
      return new ValidationError(code as ValidationErrorCode, 'refresh', message);
    case 'ConfigurationError':
      return new ConfigurationError(code as ConfigurationErrorCode, message);
    default:
      return undefined;
  }
}

/**
 * Finds the failure after which the user must log in: the provider rejected the refresh of the login's token. A rejection
 * for another resource affects only the pages that request it.
 */
export const findLoginRequirement = (failures: readonly FailedRefresh[]): LoginRequiredError | undefined =>
  failures
    .filter(({ resource, scope }) => resource === undefined && scope === undefined)
    .map(({ error }) => error)
    .find(
      (error) =>
        error instanceof LoginRequiredError &&
        (error.code === 'refresh_rejected' || error.code === 'interaction_required'),
    ) as LoginRequiredError | undefined;

/**
 * Finds the failure of a session that has ended although the user has just logged in again: the provider ends each login at
 * its first refresh. The next login would be another round of the same loop.
 */
export const findLoginLoop = (failures: readonly FailedRefresh[]): AuthError | undefined =>
  failures.map(({ error }) => error).find((error) => error instanceof AuthorizationServerError);
