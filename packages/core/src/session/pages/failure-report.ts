import {
  AuthError,
  AuthorizationServerError,
  ConfigurationError,
  getErrorCode,
  ValidationError,
} from '../../errors.ts';
import { callListener, type EventListener } from '../../events.ts';
import { replaceControlCharacters } from '../../internal/control-characters.ts';
import { describeUnverifiedError, type UnverifiedError } from './unverified-error.ts';

/** A failed request, as it is logged. */
export interface FailedRequest {
  /** The name of a route, `proxy`, or another part of the application. */
  readonly route: string;
  /** The HTTP status of the response. */
  readonly status: number;
  /** Called with a `request.failed` event. Default: the failure is written to the console. */
  readonly onEvent?: EventListener | undefined;
  /** The error of a response that failed its validation. */
  readonly unverified?: UnverifiedError | undefined;
}

/**
 * Reports a failed request: as an event if the application has a listener, otherwise as one entry in the console.
 * An error in the program or its configuration is always written to the console, because an event has no message.
 */
export function reportFailure(error: unknown, request: FailedRequest): void {
  const { route, status, onEvent, unverified } = request;
  const code = getErrorCode(error);
  const check = error instanceof ValidationError ? { check: error.check } : {};
  const more = {
    ...check,
    ...readProviderError(error),
    ...(unverified && { unverifiedError: unverified.error }),
  };
  callListener(onEvent, { type: 'request.failed', route, status, code, ...more });
  const isForDeveloper = !(error instanceof AuthError) || error instanceof ConfigurationError;
  if (onEvent && !isForDeveloper) return;
  const text = [explainFailure(error), unverified && describeUnverifiedError(unverified)].filter(Boolean);
  console.error(`countersign: ${route}: ${status} ${describeFailure(error)}: ${text.join(' ')}`);
}

/** A `returnTo` that is not used. */
export interface RejectedReturnTo {
  readonly reason: 'too_long' | 'not_allowed';
  /** Characters of the rejected value. */
  readonly length: number;
}

/** Reports that a user does not return to the requested page: as an event, or without a listener in the console. */
export function reportReturnTo(onEvent: EventListener | undefined, rejected: RejectedReturnTo): void {
  callListener(onEvent, { type: 'return_to.rejected', ...rejected });
  if (onEvent) return;
  const problem =
    rejected.reason === 'too_long'
      ? 'is too long for the URLs or the cookies of the application'
      : 'is neither a path nor a URL of the application';
  console.warn(
    `countersign: "returnTo" with ${rejected.length} characters ${problem}. The user returns to the default page.`,
  );
}

function readProviderError(error: unknown) {
  if (!(error instanceof AuthorizationServerError)) return undefined;
  const { error: providerError, errorDescription } = error;
  return { providerError, ...(errorDescription && { providerErrorDescription: errorDescription }) };
}

/** The code, and the reason if there is one. */
export function describeFailure(error: unknown): string {
  const reason = findFailureReason(error);
  return reason === undefined ? getErrorCode(error) : `${getErrorCode(error)}: ${reason}`;
}

/**
 * The failed check, which is a word of this library; or the provider's error code. Only its printable form is shown: a
 * provider's code that is not one word is left out.
 */
export function findFailureReason(error: unknown): string | undefined {
  if (error instanceof ValidationError) return error.check;
  if (error instanceof AuthorizationServerError && /^[\w-]{1,60}$/.test(error.error)) return error.error;
  return undefined;
}

/** What the developer can do about an error of the provider. */
const remedies: Readonly<Record<string, string | undefined>> = {
  invalid_client: 'Check the client ID, and the secret or key of the client.',
  invalid_grant: 'The code has expired or was used, or "redirect_uri" differs from that of the login.',
  invalid_scope: 'Check the option "scope", and the scopes of the client at the provider.',
  invalid_target: 'Check the option "resource", and the APIs that the provider knows.',
  unauthorized_client: 'Allow this grant for the client at the provider.',
  unsupported_response_type: 'Allow the authorization code flow for the client at the provider.',
};

/**
 * The text of a failure for the log. Messages of this library contain no secret. An error of other code may contain
 * anything, for example the cookie of the request, so only its name, code and stack frames are written.
 */
function explainFailure(error: unknown): string {
  if (error instanceof AuthError) {
    const { errorDescription } = error instanceof AuthorizationServerError ? error : {};
    const description = errorDescription ? ` Its description: ${JSON.stringify(errorDescription)}.` : '';
    const remedy =
      error instanceof AuthorizationServerError && Object.hasOwn(remedies, error.error)
        ? remedies[error.error]
        : undefined;
    const more = description + (remedy === undefined ? '' : ` ${remedy}`);
    const message = replaceControlCharacters(error.message);
    return more === '' ? message : `${message.replace(/\.$/, '')}.${more}`;
  }
  if (!(error instanceof Error)) return `a value of type ${typeof error} was thrown`;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [nameForeignError(error), ...frames].join('\n');
}

/** The name and code of an error of other code, for example `Error ECONNREFUSED`. */
export function nameForeignError(error: unknown): string {
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  const words = [name, code].filter((word) => typeof word === 'string' && /^\w{1,60}$/.test(word));
  return words.join(' ') || 'unknown error';
}
