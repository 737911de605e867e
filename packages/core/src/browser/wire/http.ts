import { AuthError, TransportError, ValidationError } from '../../errors.ts';
import { readBoundedBody } from '../../internal/bounded-body.ts';
import { isJsonObject, type JsonObject } from '../../internal/json/json.ts';
import { parseUntrustedJson, toCheckName } from '../../internal/json/untrusted-json.ts';
import { parseRetryAfter } from '../../internal/retry-after.ts';
import type { BrowserContext } from '../options.ts';

/** Bytes of an answer at most. */
const maxBytes = 1_048_576;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON object of the answer, if it is one. */
  readonly body: JsonObject | undefined;
}

/**
 * One exchange with the provider, bounded in time and size, without redirects.
 *
 * @throws TransportError `network_error`, `timeout`, `rate_limited` (429) or `server_error` (5xx)
 * @throws ValidationError `response_malformed` for a redirect, an oversized body or JSON that repeats a member or exceeds a limit
 */
export async function exchange(
  { http: { fetch, timeout }, now }: BrowserContext,
  url: string,
  init: RequestInit = {},
): Promise<Answer> {
  const control = new AbortController();
  const { signal } = control;
  // In two halves: a tab that wakes up finds its timer before the answer that came meanwhile, and with it a spent token.
  let timer = setTimeout(() => {
    timer = setTimeout(() => control.abort(), timeout / 2);
  }, timeout / 2);
  // A fetch that ignores its signal must not hang the caller, who may hold a lock.
  const expired = new Promise<never>((_, reject) => signal.addEventListener('abort', reject));
  let response: Response;
  let text: string;
  try {
    // A redirected token request would carry codes and tokens wherever the answer says (RFC 9700 section 4.12).
    response = await Promise.race([expired, fetch(url, { ...init, redirect: 'manual', signal })]);
    text = await Promise.race([expired, readText(response)]);
  } catch (error) {
    if (error instanceof AuthError) throw error;
    throw new TransportError(
      signal.aborted ? 'timeout' : 'network_error',
      'The provider could not be reached.',
    );
  } finally {
    clearTimeout(timer);
  }
  const { status, headers } = response;
  if (status === 429 || status >= 500) {
    throw new TransportError(
      status === 429 ? 'rate_limited' : 'server_error',
      `The provider answered with status ${status}.`,
      { status, retryAfter: parseRetryAfter(headers.get('retry-after'), now()) },
    );
  }
  if (response.type === 'opaqueredirect' || (status >= 300 && status < 400)) throw malformed('redirect');
  return { status, headers, body: parse(text, headers) };
}

/** Reads the text of a response. @throws ValidationError `response_malformed` if it is too large */
export async function readText(response: Response): Promise<string> {
  const body = await readBoundedBody(response, maxBytes);
  if (!body) throw malformed('size');
  return new TextDecoder().decode(body);
}

function parse(text: string, headers: Headers): JsonObject | undefined {
  if (!/\bjson\b/i.test(headers.get('content-type') ?? '')) return undefined;
  try {
    const value = parseUntrustedJson(text, {
      // What is no JSON at all has no body; the caller says what it needs.
      createError: (fault) => (fault === 'syntax' ? new SyntaxError() : malformed(toCheckName(fault))),
    });
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof ValidationError) throw error;
    return undefined;
  }
}

export function malformed(check: string): ValidationError {
  return new ValidationError('response_malformed', check, `Malformed answer: ${check}.`);
}
