import { AuthError, TransportError, ValidationError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import { readBoundedBody } from '../../internal/fetch/bounded-body.ts';
import { parseRetryAfter } from '../../internal/fetch/retry-after.ts';
import { isJsonObject, type JsonObject } from '../../internal/json/json.ts';
import { parseUntrustedJson, toCheckName } from '../../internal/json/untrusted-json.ts';
import type { BrowserContext } from '../options.ts';
import { describeFailedRequest, watchPolicy } from './describe-failed-request.ts';

/** Bytes of a response body. */
const maxBytes = 1_048_576;

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, if it is a JSON object and its content type is JSON. */
  readonly body: JsonObject | undefined;
}

/**
 * Sends one request to the provider, with limits of time and size, and without redirects.
 *
 * @throws TransportError `network_error`, `timeout`, `rate_limited` (429) or `server_error` (5xx)
 * @throws ValidationError `response_malformed` for a redirect, a body that is too large, or JSON that repeats a member or
 *   exceeds a limit
 */
export async function sendRequest(
  context: BrowserContext,
  url: string,
  init: RequestInit = {},
): Promise<HttpResponse> {
  const { http, now } = context;
  const { fetch, timeout } = http;
  const request = `${init.method ?? 'GET'} ${readAddress(url)}`;
  const watch = isDevelopment ? watchPolicy(url) : undefined;
  const control = new AbortController();
  const { signal } = control;
  // Two timers: after a tab was suspended, its timer fires before a response that arrived meanwhile is processed. With one
  // timer the response, and with it the next refresh token, would be lost.
  let timer = setTimeout(() => {
    timer = setTimeout(() => control.abort(), timeout / 2);
  }, timeout / 2);
  // A `fetch` that ignores its signal must not block the caller, which may hold a lock.
  const expiry = new Promise<never>((_, reject) => signal.addEventListener('abort', reject));
  let response: Response;
  let text: string;
  try {
    // A redirect could send codes and tokens to any address (RFC 9700 section 4.12).
    response = await Promise.race([expiry, fetch(url, { ...init, redirect: 'manual', signal })]);
    text = await Promise.race([expiry, readText(response)]);
  } catch (error) {
    if (error instanceof AuthError) throw error;
    if (signal.aborted) {
      throw new TransportError(
        'timeout',
        isDevelopment
          ? `${request} received no response within ${timeout} milliseconds. Try again, or raise the option "timeout".`
          : request,
      );
    }
    throw new TransportError(
      'network_error',
      isDevelopment && watch ? await describeFailedRequest(context, url, { request, watch }) : request,
    );
  } finally {
    clearTimeout(timer);
    watch?.stop();
  }
  const { status, headers } = response;
  if (status === 429 || status >= 500) {
    throw new TransportError(
      status === 429 ? 'rate_limited' : 'server_error',
      isDevelopment
        ? `${request} returned status ${status}. ${status === 429 ? 'The provider limits the rate of requests' : 'The provider is temporarily unavailable'}: try again later.`
        : request,
      { status, retryAfter: parseRetryAfter(headers.get('retry-after'), now()) },
    );
  }
  if (response.type === 'opaqueredirect' || (status >= 300 && status < 400))
    throw createMalformedError(
      'redirect',
      isDevelopment ? `${request} was redirected. Use the address of the target, for example as issuer.` : '',
    );
  // The body of an error response is read by the caller that needs it.
  return { status, headers, text, body: status < 400 ? parseBody(text, headers) : undefined };
}

/** Reads the text of a response. @throws ValidationError `response_malformed` if it is too large */
export async function readText(response: Response): Promise<string> {
  const body = await readBoundedBody(response, maxBytes);
  if (!body) throw createMalformedError('size');
  return new TextDecoder().decode(body);
}

function parseBody(text: string, headers: Headers): JsonObject | undefined {
  if (!/\bjson\b/i.test(headers.get('content-type') ?? '')) return undefined;
  try {
    const value = parseUntrustedJson(text, {
      // Text that is not JSON counts as no body: the caller decides whether it needs one.
      createError: (fault) =>
        fault === 'syntax' ? new SyntaxError() : createMalformedError(toCheckName(fault)),
    });
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof ValidationError) throw error;
    return undefined;
  }
}

export function createMalformedError(
  check: string,
  message = isDevelopment
    ? `The response of the provider is malformed: ${check}. Check the response in the network tools of the browser, and that no proxy changes it.`
    : '',
): ValidationError {
  return new ValidationError('response_malformed', check, message);
}

/** The URL without its query, which may contain secrets. */
export const readAddress = (url: string): string => url.split('?', 1)[0] ?? '';
