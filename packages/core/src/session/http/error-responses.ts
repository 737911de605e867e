import {
  AuthError,
  AuthorizationServerError,
  getErrorCode,
  LoginRequiredError,
  TransportError,
  ValidationError,
} from '../../errors.ts';
import type { EventListener } from '../../events.ts';
import type { CookieToSet } from '../cookies/cookies.ts';
import { describeFailure, reportFailure } from './failure-report.ts';
import { acceptsHtml } from './request-checks.ts';
import { createJsonResponse, createPage } from './responses.ts';

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
  /** The address of the login. An error page links to it. Default: no link. */
  readonly login?: string;
}

/**
 * Creates the response to a request that failed, and reports the failure once.
 *
 * The response is an error page, or JSON if the request does not accept HTML. Its texts are constants of this library:
 * no text of the provider or of the request is included.
 */
export function createErrorResponse(request: Request, error: unknown, options: FailureOptions): Response {
  const { cookies = [], login } = options;
  const { status, title, text } = findErrorPage(error);
  reportFailure(error, { ...options, status });
  const action = login === undefined ? {} : { action: { label: 'Log in again', href: login } };
  const response = acceptsHtml(request)
    ? createPage({ status, title, text, code: describeFailure(error), cookies, ...action })
    : createJsonResponse({ error: getErrorCode(error), message: text }, { status, cookies });
  return addRetryAfter(response, error);
}

/** Adds `Retry-After` to a 503 response (RFC 9110 section 10.2.3). */
export function addRetryAfter(response: Response, error: unknown): Response {
  if (response.status !== 503) return response;
  const { retryAfter } = error instanceof TransportError ? error : {};
  response.headers.set('retry-after', String(retryAfter ?? defaultRetryAfter));
  return response;
}

interface ErrorPage {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

/** Finds status and text by who must act: the user, later the user again, the provider, or the developer. */
function findErrorPage(error: unknown): ErrorPage {
  if (error instanceof AuthorizationServerError && error.error === 'access_denied') {
    return {
      status: 403,
      title: 'Not logged in',
      text: 'The login was cancelled, or access was not granted.',
    };
  }
  if (error instanceof TransportError) {
    const service = error.code === 'store_unavailable' ? 'The session store' : 'The login service';
    return {
      status: 503,
      title: 'Please try again',
      text: `${service} is temporarily unavailable.`,
    };
  }
  if (error instanceof ValidationError && error.code === 'transaction_invalid') {
    return {
      status: 400,
      title: 'This login cannot be completed',
      text: 'It was started in another browser, has been used already, or has expired. Nothing was changed.',
    };
  }
  if (error instanceof ValidationError) {
    return {
      status: 400,
      title: 'This login was rejected',
      text: 'The response of the login service failed a security check. Nothing was changed.',
    };
  }
  if (error instanceof LoginRequiredError) {
    return {
      status: 401,
      title: 'Please log in again',
      text: 'The login has ended, for example because the login service logged you out.',
    };
  }
  if (error instanceof AuthorizationServerError) {
    return { status: 502, title: 'Not logged in', text: 'The login service rejected this login.' };
  }
  if (error instanceof AuthError) {
    return {
      status: 500,
      title: 'Login is not available',
      text: 'This site is not configured correctly. See its log.',
    };
  }
  return {
    status: 500,
    title: 'Something went wrong',
    text: 'The request failed. See the log of this site.',
  };
}
