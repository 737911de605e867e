import { ConfigurationError, TransportError, ValidationError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import { decodeUtf8 } from '../encoding.ts';
import { isFormText } from '../form-text.ts';
import { isJsonObject } from '../json/json.ts';
import { keepRejectedText, takeRejectedText } from '../json/rejected-text.ts';
import { type JsonFault, parseUntrustedJson, responseLimits, toCheckName } from '../json/untrusted-json.ts';
import { readBoundedBody } from './bounded-body.ts';
import { discardBody } from './discard-body.ts';
import { limitDelay, parseRetryAfter } from './retry-after.ts';

/** The required signature of `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface HttpOptions {
  readonly fetch: Fetch;
  readonly now: Clock;
  /** Timeout of the request in milliseconds, including the body. */
  readonly timeout: number;
  /** Maximum size of a body in bytes. */
  readonly maxBytes: number;
  /** Further attempts of a GET request if the server is temporarily unavailable. Default: 0. */
  readonly retries?: number;
  /** Discards the body of a successful response, because its endpoint defines none. Default: false. */
  readonly ignoresBody?: boolean;
  /** Reads the seconds to wait from headers that the provider defines. `now` is in milliseconds since the epoch. */
  readonly retryAfter?: (headers: Headers, now: number) => number | undefined;
}

/**
 * Sends one request with limits of time and size, and without redirects. The body of the response is in memory.
 *
 * @throws TransportError `network_error`, `timeout`, `rate_limited` (429) or `server_error` (5xx)
 * @throws ValidationError `response_malformed` if the response is a redirect, its body is too large, its JSON exceeds a
 *   limit, or the JSON of a successful response is malformed
 */
export async function fetchBounded(url: string, init: RequestInit, options: HttpOptions): Promise<Response> {
  const endpoint = removeQuery(url);
  // A timer instead of AbortSignal.timeout: a fetch that ignores its signal must not block the caller.
  const controller = new AbortController();
  const callerSignal = init.signal;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new TransportError('timeout', `${endpoint} did not respond within ${options.timeout} ms`);
      reject(error);
      controller.abort(error);
    }, options.timeout);
  });
  const abort = () => controller.abort(callerSignal?.reason);
  if (callerSignal?.aborted) abort();
  callerSignal?.addEventListener('abort', abort, { once: true });
  // Only requests without side effects are repeated: a refresh token, code or proof is valid once only.
  const isRepeatable = (init.method ?? 'GET') === 'GET' && !new Headers(init.headers).has('dpop');
  const retries = isRepeatable ? (options.retries ?? 0) : 0;
  const attempt = async (attemptsLeft: number): Promise<Response> => {
    try {
      return await send(url, { ...init, signal: controller.signal }, { ...options, endpoint });
    } catch (error) {
      const { code, retryAfter } = error as { code?: string; retryAfter?: number };
      const isTemporary = (code === 'network_error' || code === 'server_error') && retryAfter === undefined;
      if (!isTemporary || attemptsLeft === 0 || controller.signal.aborted) throw error;
      await waitBeforeRetry(retries - attemptsLeft);
      return attempt(attemptsLeft - 1);
    }
  };
  try {
    return await Promise.race([timeout, attempt(retries)]);
  } finally {
    clearTimeout(timer);
    callerSignal?.removeEventListener('abort', abort);
  }
}

/** Waits longer after each attempt, with a random part, so that callers do not repeat their requests simultaneously. */
const waitBeforeRetry = (attempt: number) =>
  new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt * (1 + Math.random())));

async function send(
  url: string,
  init: RequestInit,
  options: HttpOptions & { readonly endpoint: string },
): Promise<Response> {
  const { endpoint } = options;
  let response: Response;
  try {
    // The token, key and metadata endpoints do not redirect. The request may contain secrets (RFC 9700 section 4.12), and
    // a followed redirect lets the provider choose any address (server-side request forgery).
    response = await options.fetch(url, { ...init, redirect: 'manual' });
  } catch (error) {
    // The fetch cannot work as it is configured: the developer must act.
    if (error instanceof ConfigurationError) throw error;
    throw new TransportError('network_error', `${endpoint} could not be reached${findCause(error)}`);
  }
  if (response.type === 'error') {
    throw new TransportError('network_error', `${endpoint} could not be reached`);
  }
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    discardBody(response.body);
    throw new ValidationError('response_malformed', 'redirect', `The response of ${endpoint} is a redirect`);
  }
  if (response.status === 429 || response.status >= 500) {
    discardBody(response.body);
    const { status } = response;
    const retryAfter = findRetryAfter(response.headers, options);
    throw status === 429
      ? new TransportError('rate_limited', `${endpoint} limits the rate of requests`, { retryAfter, status })
      : new TransportError('server_error', `${endpoint} responded with status ${status}`, {
          retryAfter,
          status,
        });
  }
  const { status, headers } = response;
  if (options.ignoresBody && status < 300) {
    discardBody(response.body);
    return new Response(null, { status, headers });
  }
  const body = await readBody(response, options);
  let json: unknown;
  try {
    json = parseBody(body, headers, endpoint);
  } catch (error) {
    // The status of an error response is known. Its ambiguous or malformed body is removed, so that no reader parses it.
    const isMalformed = error instanceof ValidationError && error.check === 'json';
    if (status >= 400) takeRejectedText(error);
    if (status < 400 || !isMalformed) throw error;
    return new Response(null, { status, headers });
  }
  const isEmpty = status === 204 || status === 205;
  const result = new Response(isEmpty ? null : body, { status, headers });
  return isEmpty || json === undefined ? result : setJsonBody(result, json);
}

/**
 * Finds the code of a network error, for example ` (ECONNREFUSED)`: of the name resolution, of TLS, of the connection or
 * of the HTTP parser. Only this code is added to the message: the text of the cause may contain a secret.
 */
function findCause(error: unknown): string {
  let cause = error as { readonly code?: unknown; readonly cause?: unknown; readonly errors?: unknown };
  for (let depth = 0; depth < 5 && typeof cause === 'object' && cause !== null; depth++) {
    const { code } = cause;
    if (typeof code === 'string' && /^\w{3,60}$/.test(code)) return ` (${code})`;
    // A connection attempt to several addresses of a host fails with one error for each.
    cause = (Array.isArray(cause.errors) ? cause.errors[0] : cause.cause) as typeof cause;
  }
  return '';
}

/** The JSON of responses, so that a body is not parsed again without limits. */
const parsedBodies = new WeakMap<Response, unknown>();

/**
 * Sets the JSON that the response and its clones return. `JSON.parse` of V8 can read an escaped member name as another name
 * (see `escaped-names.ts`), so no other code parses the body. Each reader gets its own object.
 */
export function setJsonBody(response: Response, json: unknown): Response {
  parsedBodies.set(response, json);
  response.json = async () => (isJsonObject(json) ? { ...json } : json);
  // A clone of the stream would have to be read before the original can be cancelled.
  const { status, headers } = response;
  response.clone = () => setJsonBody(new Response(JSON.stringify(json), { status, headers }), json);
  return response;
}

/** Returns the JSON of a response of {@link fetchBounded} or {@link setJsonBody}, or `undefined` if its body is not JSON. */
export const getJsonBody = (response: Response): unknown => parsedBodies.get(response);

async function readBody(
  response: Response,
  { endpoint, maxBytes }: { readonly endpoint: string; readonly maxBytes: number },
): Promise<Uint8Array<ArrayBuffer>> {
  let body: Uint8Array<ArrayBuffer> | undefined;
  try {
    body = await readBoundedBody(response, maxBytes);
  } catch (error) {
    throw new TransportError(
      'network_error',
      `The connection to ${endpoint} was closed during the response${findCause(error)}.`,
    );
  }
  if (body) return body;
  throw new ValidationError(
    'response_malformed',
    'size',
    `The response of ${endpoint} exceeds ${maxBytes} bytes.`,
  );
}

/**
 * Parses a body that looks like JSON, independent of its content type, because a reader may parse it too. A byte order
 * mark is allowed. An empty body is not an error: each endpoint decides whether it requires a body.
 */
function parseBody(body: Uint8Array, headers: Headers, endpoint: string): unknown {
  const start = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  const first = body.find((byte, index) => index >= start && byte > 0x20);
  const looksLikeJson = first === 0x7b || first === 0x5b;
  const isJsonType = /\bjson\b/i.test(headers.get('content-type') ?? '');
  if (first === undefined || !(looksLikeJson || isJsonType)) return undefined;
  const createError = (fault: JsonFault, problem: string) =>
    new ValidationError(
      'response_malformed',
      toCheckName(fault),
      `The JSON response of ${endpoint} ${problem}.`,
    );
  let text: string;
  try {
    text = decodeUtf8(body);
  } catch {
    throw keepRejectedText(createError('syntax', 'is not UTF-8'), new TextDecoder().decode(body));
  }
  // A form with the content type of JSON is read by the endpoint that allows forms.
  if (!looksLikeJson && isFormText(text.trim())) return undefined;
  return parseUntrustedJson(text, { limits: responseLimits, createError });
}

/** Finds the seconds to wait: `Retry-After`, otherwise a header that the provider defines. */
function findRetryAfter(headers: Headers, { now, retryAfter }: HttpOptions): number | undefined {
  return parseRetryAfter(headers.get('retry-after'), now()) ?? limitDelay(retryAfter?.(headers, now()));
}

/** Returns origin and path only, for messages: a query may contain secrets. */
function removeQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
