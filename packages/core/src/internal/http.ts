import { TransportError, ValidationError } from '../errors.ts';
import { readBoundedBody } from './bounded-body.ts';
import type { Clock } from './clock.ts';
import { discardBody } from './discard-body.ts';
import { decodeUtf8 } from './encoding.ts';
import { type JsonFault, parseUntrustedJson, responseLimits, toCheckName } from './json/untrusted-json.ts';
import { limitDelay, parseRetryAfter } from './retry-after.ts';

/** The part of `fetch` that this library uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface HttpOptions {
  readonly fetch: Fetch;
  readonly now: Clock;
  /** Milliseconds for the whole request, body included. */
  readonly timeout: number;
  /** Bytes of body at most. */
  readonly maxBytes: number;
  /** Further attempts of a GET request when the server is not well. Default: none. */
  readonly retries?: number;
  /** Seconds to wait, from headers of the server's own; `now` is in milliseconds. */
  readonly retryAfter?: (headers: Headers, now: number) => number | undefined;
}

/**
 * Sends one request to the provider, bounded in time and size, without redirects.
 * The answer's body is already in memory.
 *
 * @throws TransportError `network_error`, `timeout`, `rate_limited` (429) or `server_error` (5xx)
 * @throws ValidationError `response_malformed` for a redirect, an oversized body or JSON that is malformed or exceeds a limit
 */
export async function fetchBounded(url: string, init: RequestInit, options: HttpOptions): Promise<Response> {
  const target = safeName(url);
  // The timer, not AbortSignal.timeout: a fetch that ignores its signal must not hang the caller.
  const controller = new AbortController();
  const outer = init.signal;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new TransportError('timeout', `${target} did not answer within ${options.timeout} ms`);
      reject(error);
      controller.abort(error);
    }, options.timeout);
  });
  const abort = () => controller.abort(outer?.reason);
  if (outer?.aborted) abort();
  outer?.addEventListener('abort', abort, { once: true });
  // Only what changes nothing may be sent twice: a refresh token, a code or a proof that arrived once is spent.
  const repeatable = (init.method ?? 'GET') === 'GET' && !new Headers(init.headers).has('dpop');
  const retries = repeatable ? (options.retries ?? 0) : 0;
  const attempts = async (left: number): Promise<Response> => {
    try {
      return await run(url, { ...init, signal: controller.signal }, target, options);
    } catch (error) {
      const { code, retryAfter } = error as { code?: string; retryAfter?: number };
      const passing = (code === 'network_error' || code === 'server_error') && retryAfter === undefined;
      if (!passing || left === 0 || controller.signal.aborted) throw error;
      await pause(retries - left);
      return attempts(left - 1);
    }
  };
  try {
    return await Promise.race([expired, attempts(retries)]);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', abort);
  }
}

/** Doubles with every attempt, and differs between callers so that they do not all come back at once. */
const pause = (attempt: number) =>
  new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt * (1 + Math.random())));

async function run(url: string, init: RequestInit, target: string, options: HttpOptions): Promise<Response> {
  let response: Response;
  try {
    // A redirect from a token, key or metadata endpoint is an attack or a mistake: the request may carry secrets
    // (RFC 9700 section 4.12), and following it lets the provider choose any address (server-side request forgery).
    response = await options.fetch(url, { ...init, redirect: 'manual' });
  } catch {
    throw new TransportError('network_error', `${target} could not be reached`);
  }
  if (response.type === 'error') throw new TransportError('network_error', `${target} could not be reached`);
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    discardBody(response.body);
    throw new ValidationError('response_malformed', 'redirect', `${target} answered with a redirect`);
  }
  if (response.status === 429 || response.status >= 500) {
    discardBody(response.body);
    const retryAfter = findRetryAfter(response.headers, options);
    throw response.status === 429
      ? new TransportError('rate_limited', `${target} limits the rate of requests`, {
          retryAfter,
          status: 429,
        })
      : new TransportError('server_error', `${target} answered with status ${response.status}`, {
          retryAfter,
          status: response.status,
        });
  }
  const body = await readBody(response, target, options.maxBytes);
  const json = parseBody(body, response.headers, target);
  const empty = response.status === 204 || response.status === 205;
  const answer = new Response(empty ? null : body, { status: response.status, headers: response.headers });
  if (!empty) parsedBodies.set(answer, json);
  return answer;
}

/** What {@link fetchBounded} has parsed, so that a body is not parsed again without its limits. */
const parsedBodies = new WeakMap<Response, unknown>();

/** The JSON value of an answer of {@link fetchBounded}; `undefined` when its body is not JSON. */
export const getJsonBody = (answer: Response): unknown => parsedBodies.get(answer);

async function readBody(
  response: Response,
  target: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  let body: Uint8Array<ArrayBuffer> | undefined;
  try {
    body = await readBoundedBody(response, maxBytes);
  } catch {
    throw new TransportError('network_error', `The connection to ${target} was closed during the response.`);
  }
  if (body) return body;
  throw new ValidationError(
    'response_malformed',
    'size',
    `The response of ${target} exceeds ${maxBytes} bytes.`,
  );
}

/**
 * Whatever the answer calls itself: a body that looks like JSON may be read as JSON, after a byte order mark too.
 * An empty body is none: each endpoint decides whether it needs one.
 */
function parseBody(body: Uint8Array, headers: Headers, target: string): unknown {
  const start = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  const first = body.find((byte, index) => index >= start && byte > 0x20);
  const looksLikeJson = first === 0x7b || first === 0x5b;
  const isNamedJson = /\bjson\b/i.test(headers.get('content-type') ?? '');
  if (first === undefined || !(looksLikeJson || isNamedJson)) return undefined;
  const refuse = (fault: JsonFault, problem: string) =>
    new ValidationError('response_malformed', toCheckName(fault), `The JSON answer of ${target} ${problem}.`);
  let text: string;
  try {
    text = decodeUtf8(body);
  } catch {
    throw refuse('syntax', 'is not UTF-8');
  }
  return parseUntrustedJson(text, { limits: responseLimits, refuse });
}

/** Seconds to wait: `Retry-After`, or else a header of the provider. */
function findRetryAfter(headers: Headers, { now, retryAfter }: HttpOptions): number | undefined {
  const delay = parseRetryAfter(headers.get('retry-after'), now());
  if (delay !== undefined) return delay;
  const own = retryAfter?.(headers, now());
  return own === undefined || Number.isNaN(own) ? undefined : limitDelay(own);
}

/** Origin and path only: a query may carry secrets. */
function safeName(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
