import {
  AuthError,
  AuthorizationServerError,
  ConfigurationError,
  TransportError,
  ValidationError,
} from '../../errors.ts';
import { callListener, type EventListener } from '../../events.ts';
import type { CookieToSet } from '../cookies/cookies.ts';
import { wantsHtml } from '../http/request-checks.ts';
import { json, page } from '../http/responses.ts';

/** Seconds after which a request may be sent again, where neither the provider nor a store says it. */
const defaultRetryAfter = 10;

/** Where a request failed, and what its response needs. */
export interface FailureOptions {
  /** For the log and the event: the name of a route, `proxy`, or another part of the application. */
  readonly route: string;
  /** Called with a `request.failed` event. Default: the failure is written to the console. */
  readonly onEvent?: EventListener | undefined;
  /** Cookies that the response must set all the same. */
  readonly cookies?: readonly CookieToSet[];
  /** The address of the login, which an error page links to. */
  readonly login?: string;
}

/**
 * Answers a request that failed, whatever was thrown, and reports the failure once.
 *
 * The response is an error page, or JSON where no page is wanted. Its words are this library's own: what the provider
 * or a request said is never part of it.
 */
export function createErrorResponse(request: Request, error: unknown, options: FailureOptions): Response {
  const { cookies = [], login } = options;
  const { status, title, text } = describe(error);
  reportFailure(error, { ...options, status });
  const action = login === undefined ? {} : { action: { label: 'Log in again', href: login } };
  const response = wantsHtml(request)
    ? page({ status, title, text, code: nameFailure(error), cookies, ...action })
    : json({ error: codeOf(error), message: text }, { status, cookies });
  return withRetryAfter(response, error);
}

/** Says when a request that cannot be answered now may be sent again (RFC 9110 section 10.2.3). */
export function withRetryAfter(response: Response, error: unknown): Response {
  if (response.status !== 503) return response;
  const { retryAfter } = error instanceof TransportError ? error : {};
  response.headers.set('retry-after', String(retryAfter ?? defaultRetryAfter));
  return response;
}

/**
 * Reports a failed request: as an event where the application listens, otherwise as one entry of the console.
 * A mistake of the program or of its configuration is written to the console in any case: an event says too little.
 */
export function reportFailure(
  error: unknown,
  { route, status, onEvent }: FailureOptions & { readonly status: number },
): void {
  const code = codeOf(error);
  const check = error instanceof ValidationError ? { check: error.check } : {};
  callListener(onEvent, { type: 'request.failed', route, status, code, ...check });
  const isForDeveloper = !(error instanceof AuthError) || error instanceof ConfigurationError;
  if (onEvent && !isForDeveloper) return;
  console.error(`countersign: ${route}: ${status} ${nameFailure(error)}: ${explain(error)}`);
}

/** Code and failed check are words of this library; an `error` of the provider is not part of them. */
export function nameFailure(error: unknown): string {
  return error instanceof ValidationError ? `${error.code}: ${error.check}` : codeOf(error);
}

const codeOf = (error: unknown) => (error instanceof AuthError ? error.code : 'unexpected_error');

/**
 * What the log says about a failure. Messages of this library hold no secret. Those of other code may hold anything,
 * for example the cookie of the request, so only the name, the code and the place of such an error are written.
 */
function explain(error: unknown): string {
  if (error instanceof AuthError) return error.message.replace(/\p{Cc}+/gu, ' ');
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

/** What the user can do about it, in words of this library. */
function describe(error: unknown): {
  readonly status: number;
  readonly title: string;
  readonly text: string;
} {
  if (error instanceof AuthorizationServerError && error.error === 'access_denied') {
    return {
      status: 403,
      title: 'Not logged in',
      text: 'The login was cancelled, or access was not granted.',
    };
  }
  if (error instanceof TransportError) {
    const what = error.code === 'store_unavailable' ? 'The session store' : 'The login service';
    return { status: 503, title: 'Please try again', text: `${what} does not answer at the moment.` };
  }
  if (error instanceof ValidationError && error.code === 'transaction_invalid') {
    return {
      status: 400,
      title: 'This login cannot be completed',
      text: 'It was started in another browser, has been used already, or took too long. Nothing was changed.',
    };
  }
  if (error instanceof ValidationError) {
    return {
      status: 400,
      title: 'This login was refused',
      text: 'The answer did not pass the safety checks of this site. Nothing was changed.',
    };
  }
  if (error instanceof AuthorizationServerError) {
    return { status: 502, title: 'Not logged in', text: 'The login service refused this login.' };
  }
  if (error instanceof AuthError) {
    return {
      status: 500,
      title: 'Login is not available',
      text: 'This site is not set up correctly. Its log says more.',
    };
  }
  return {
    status: 500,
    title: 'Something went wrong',
    text: 'The request could not be answered. The log of this site says more.',
  };
}
