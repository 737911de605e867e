import { providerErrorRemedies } from '../../errors/error-explanations.ts';
import {
  AuthError,
  AuthorizationServerError,
  ConfigurationError,
  getErrorCode,
  listStackFrames,
  nameForeignError,
  ValidationError,
} from '../../errors.ts';
import { callListener, type EventListener } from '../../events.ts';
import { writeLine } from '../../internal/console-lines.ts';
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
 * Reports a failed request: as an event if the application has a listener, otherwise as one entry in the console,
 * whose rate is limited for each route, code and check: anyone can cause failures. An error in the program or its
 * configuration is written even with a listener, because an event has no message.
 */
export function reportFailure(error: unknown, request: FailedRequest): void {
  const { route, status, onEvent, unverified } = request;
  const code = getErrorCode(error);
  const check = error instanceof ValidationError ? { check: error.check } : {};
  const details = {
    ...check,
    ...readProviderError(error),
    ...(unverified && { unverifiedError: unverified.error }),
  };
  callListener(onEvent, { type: 'request.failed', route, status, code, ...details });
  const isForDeveloper = !(error instanceof AuthError) || error instanceof ConfigurationError;
  if (onEvent && !isForDeveloper) return;
  const text = [explainFailure(error), unverified && describeUnverifiedError(unverified)].filter(Boolean);
  writeLine('error', {
    kind: `${route} ${status} ${describeKind(error)}`,
    text: `${route}: ${status} ${formatErrorCode(error)}: ${text.join(' ')}`,
  });
}

/** The code and the check of an error of this library, or the name of another one. The provider's code can be invented. */
function describeKind(error: unknown): string {
  if (!(error instanceof AuthError)) return nameForeignError(error);
  return error instanceof ValidationError ? `${error.code} ${error.check}` : error.code;
}

/** A `returnTo` that is not used. */
export interface RejectedReturnTo {
  readonly reason: 'too_long' | 'not_allowed';
  /** Characters of the rejected value. */
  readonly length: number;
}

/** Reports that a user does not return to the requested page: as an event, or without a listener in the console. */
export function reportReturnTo(onEvent: EventListener | undefined, rejectedReturnTo: RejectedReturnTo): void {
  callListener(onEvent, { type: 'return_to.rejected', ...rejectedReturnTo });
  if (onEvent) return;
  const problem =
    rejectedReturnTo.reason === 'too_long'
      ? 'is too long for the URLs or the cookies of the application'
      : 'is neither a path nor a URL of the application';
  writeLine('warn', {
    kind: `returnTo ${rejectedReturnTo.reason}`,
    text: `"returnTo" with ${rejectedReturnTo.length} characters ${problem}. The user returns to the default page.`,
  });
}

function readProviderError(error: unknown) {
  if (!(error instanceof AuthorizationServerError)) return undefined;
  const { error: providerError, errorDescription } = error;
  return { providerError, ...(errorDescription && { providerErrorDescription: errorDescription }) };
}

/** The code, and the reason if there is one. */
export function formatErrorCode(error: unknown): string {
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

/**
 * The text of a failure for the log. Messages of this library contain no secret. An error of other code may contain
 * anything, for example the cookie of the request, so only its name, code and stack frames are written.
 */
function explainFailure(error: unknown): string {
  if (error instanceof AuthError) {
    const { errorDescription } = error instanceof AuthorizationServerError ? error : {};
    const description = errorDescription && `Its description: ${JSON.stringify(errorDescription)}.`;
    return explainAuthError(error, description);
  }
  if (!(error instanceof Error)) return `a value of type ${typeof error} was thrown`;
  return [nameForeignError(error), ...listStackFrames(error).map(replaceControlCharacters)].join('\n');
}

/** The message of an error, a further sentence, and what to do about an error of the provider. */
export function explainAuthError(error: AuthError, description = ''): string {
  const remedy =
    error instanceof AuthorizationServerError && Object.hasOwn(providerErrorRemedies, error.error)
      ? providerErrorRemedies[error.error]
      : undefined;
  const additions = [description, remedy].filter(Boolean);
  const message = replaceControlCharacters(error.message);
  return additions.length === 0 ? message : [`${message.replace(/\.$/, '')}.`, ...additions].join(' ');
}
