import { createRandomToken } from '../../internal/encoding.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import { parseUntrustedObject } from '../../internal/json/untrusted-json.ts';
import { isSecureUrl } from '../../protocol/secure-url.ts';
import { readText } from '../wire/http.ts';
import type { FromWorker, ToWorker, WorkerRequest, WorkerStart } from './messages.ts';

/** The part of a dedicated worker's global scope that is used. */
export interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
}

/** Refresh tokens at most: the page uses the newest, and for a moment the one before. The oldest are dropped. */
const maxHeld = 32;

/** Milliseconds for the provider's metadata. */
const metadataTimeout = 10_000;

/** Headers of an answer that the page needs. */
const passedOn = ['content-type', 'dpop-nonce', 'retry-after'];

/**
 * Makes a dedicated worker the only holder of refresh tokens: call it in a worker's script, and nothing else there.
 * The page gets a stand-in for each refresh token; the worker puts the real one into requests to the provider's token
 * and revocation endpoints, which it has learnt from the issuer itself, and sends to no other address.
 *
 * @param scope the global scope of the worker
 * @see OAuth 2.0 for Browser-Based Applications
 */
export function runTokenWorker(scope: WorkerScope = globalThis as unknown as WorkerScope): void {
  /** Refresh tokens by the stand-in that the page knows. */
  const held = new Map<string, string>();
  const running = new Map<number, AbortController>();
  let endpoints: Promise<ReadonlySet<string>> | undefined;
  let start: WorkerStart | undefined;

  scope.onmessage = ({ data }) => {
    // Told once: whoever could name another issuer later would have the refresh token sent there.
    if (data?.type === 'start') start ??= data;
    else if (data?.type === 'abort') running.get(data.id)?.abort();
    // Anything else is not a message of the page's client.
    else if (data?.type === 'request') void respond(data);
  };

  /** Whatever goes wrong is a refusal: an answer without content. */
  async function respond(request: WorkerRequest): Promise<void> {
    const { id } = request;
    const answer = await answerTo(request).catch(() => undefined);
    running.delete(id);
    scope.postMessage({ id, ...(answer && { answer }) });
  }

  async function answerTo({ id, url, body, headers }: WorkerRequest): Promise<FromWorker['answer']> {
    const control = new AbortController();
    running.set(id, control);
    if (!start || !(await endpointsOf(start)).has(url)) return undefined;
    const parameters = new URLSearchParams(body);
    for (const name of ['refresh_token', 'token']) {
      const real = held.get(parameters.get(name) ?? '');
      if (real !== undefined) parameters.set(name, real);
    }
    const { dpop } = headers;
    const response = await fetch(url, {
      method: 'POST',
      body: parameters,
      headers: dpop === undefined ? {} : { dpop },
      // A redirect would carry the refresh token wherever the answer says (RFC 9700 section 4.12).
      redirect: 'error',
      credentials: 'omit',
      keepalive: true,
      signal: control.signal,
    });
    const known = passedOn.map((name) => [name, response.headers.get(name)]).filter(([, value]) => value);
    return {
      status: response.status,
      headers: Object.fromEntries(known),
      body: withoutRefreshToken(await readText(response)),
    };
  }

  /** Written anew from what was understood: text that is handed on unread could hold the token. */
  function withoutRefreshToken(text: string): string {
    const value = parse(text);
    if (!value) return '';
    const { refresh_token: real, ...rest } = value;
    if (typeof real !== 'string' || real === '') return JSON.stringify(rest);
    const standIn = createRandomToken();
    held.set(standIn, real);
    const [oldest] = held.keys();
    if (held.size > maxHeld && oldest !== undefined) held.delete(oldest);
    return JSON.stringify({ ...rest, refresh_token: standIn } satisfies JsonObject);
  }

  /** From the issuer itself: what the page says of endpoints is not believed. */
  function endpointsOf(told: WorkerStart): Promise<ReadonlySet<string>> {
    endpoints ??= fetchEndpoints(told);
    endpoints.catch(() => {
      endpoints = undefined;
    });
    return endpoints;
  }
}

function parse(text: string): JsonObject | undefined {
  try {
    return parseUntrustedObject(text);
  } catch {
    return undefined;
  }
}

/** @see OpenID Connect Discovery section 4.3 */
async function fetchEndpoints({ issuer, ...told }: WorkerStart): Promise<ReadonlySet<string>> {
  if (!isSecureUrl(issuer, { allowInsecure: told.allowInsecureIssuer })) throw new Error('insecure issuer');
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const answer = await fetch(url, {
    redirect: 'error',
    credentials: 'omit',
    // One that never answers must not fail every later request.
    signal: AbortSignal.timeout(metadataTimeout),
  });
  const metadata = parseUntrustedObject(await readText(answer));
  if (metadata.issuer !== issuer) throw new Error('another issuer');
  const named = [metadata.token_endpoint, metadata.revocation_endpoint];
  return new Set(
    named.filter((endpoint) => isSecureUrl(endpoint, { allowInsecure: told.allowInsecureIssuer })),
  );
}
