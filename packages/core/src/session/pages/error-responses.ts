import { getErrorCode, TransportError } from '../../errors.ts';
import type { EventListener } from '../../events.ts';
import { limitDelay } from '../../internal/fetch/retry-after.ts';
import type { SessionContext } from '../context.ts';
import type { CookieToSet } from '../cookies/cookies.ts';
import { acceptsHtml } from '../http/request-checks.ts';
import { createJsonResponse } from '../http/responses.ts';
import { createDeveloperNotes } from './developer-notes.ts';
import { findErrorStatus } from './error-status.ts';
import { findFailureReason, formatErrorCode, reportFailure } from './failure-report.ts';
import { createPage, type PageAction } from './page.ts';
import { resolveMessages } from './page-messages.ts';
import { type PageSubject, respondWithPage } from './respond-with-page.ts';
import type { UnverifiedError } from './unverified-error.ts';

/** Value of `Retry-After` in seconds if neither the provider nor a store provides one. */
const defaultRetryAfter = 10;

/** Where a request failed, and what its response must contain. */
export interface FailureOptions {
  /** For the log and the event: the name of a route, `proxy`, or another part of the application. */
  readonly route: string;
  /** Called with a `request.failed` event. Default: the failure is written to the console. */
  readonly onEvent?: EventListener | undefined;
  /** Cookies that the response must set although the request failed. Default: none. */
  readonly cookies?: readonly CookieToSet[];
}

/**
 * Creates the response to a request that failed before its sessions are known, and reports the failure once.
 *
 * The response is an error page, or JSON if the request does not accept HTML. Its texts are constants of this library:
 * no text of the provider or of the request is included.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15
 * @example
 * ```ts
 * import { createErrorResponse } from '@countersign/core/session/adapter';
 *
 * export function handle(request: Request, run: () => Promise<Response>): Promise<Response> {
 *   return run().catch((error: unknown) => createErrorResponse(request, error, { route: 'handler' }));
 * }
 * ```
 */
export function createErrorResponse(request: Request, error: unknown, options: FailureOptions): Response {
  const { cookies = [] } = options;
  const { status, page } = findErrorStatus(error, options.route);
  reportFailure(error, { ...options, status });
  const messages = resolveMessages(undefined, request);
  const { title, text } = messages.getPage(page);
  const code = formatErrorCode(error);
  const developerNotes = createDeveloperNotes(error);
  const response = acceptsHtml(request)
    ? createPage({ status, title, text, code, cookies, messages, developerNotes, actions: [] })
    : createJsonResponse({ error: getErrorCode(error), message: text }, { status, cookies });
  return addRetryAfter(response, error);
}

/** What the response to a failed request of a session needs in addition. */
export interface SessionFailureOptions extends Pick<FailureOptions, 'route' | 'cookies'> {
  /** The page that the user wanted. Default: the page after a login. */
  readonly returnTo?: string | undefined;
  /** The address for "Try again". Default: the login, which leads to `returnTo`. */
  readonly retry?: string | undefined;
  /** The error of a response that failed its validation. Default: none. */
  readonly unverified?: UnverifiedError | undefined;
}

/**
 * Creates the response to a request that failed, and reports the failure once: the application's page for errors, the
 * built-in one, or JSON if the request does not accept HTML.
 */
export async function respondToError(
  context: SessionContext,
  request: Request,
  error: unknown,
  options: SessionFailureOptions,
): Promise<Response> {
  const { cookies = [], returnTo, retry, unverified, route } = options;
  const { status, page } = findErrorStatus(error, route);
  reportFailure(error, { route, status, unverified, onEvent: context.client.options.onEvent });
  const reason = findFailureReason(error);
  const subject: PageSubject = {
    page,
    status,
    code: getErrorCode(error),
    ...(reason !== undefined && { reason }),
    developerNotes: createDeveloperNotes(error),
    returnTo,
    retry,
    cookies,
    createActions: (target, labels): readonly PageAction[] => [
      { label: labels.tryAgain, href: target.retry },
      { label: labels.back, href: target.homeUrl },
    ],
  };
  return addRetryAfter(await respondWithPage(context, request, subject), error);
}

/** Adds `Retry-After` to a 503 response (RFC 9110 section 10.2.3). */
export function addRetryAfter(response: Response, error: unknown): Response {
  if (response.status !== 503) return response;
  // The error can be of another copy of this package, or the application has changed it.
  const retryAfter = error instanceof TransportError ? limitDelay(error.retryAfter) : undefined;
  response.headers.set('retry-after', String(retryAfter ?? defaultRetryAfter));
  return response;
}
