import { createRandomToken } from '../../internal/encoding.ts';
import type { Fetch } from '../../internal/fetch/bounded-fetch.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import { readTopLevelStrings } from '../../internal/json/top-level-strings.ts';
import { parseUntrustedObject } from '../../internal/json/untrusted-json.ts';
import { isSecureUrl } from '../../protocol/secure-url.ts';
import { parseTokenEndpointBody } from '../../protocol/tokens/token-endpoint-body.ts';
import { isMetadataIssuer } from '../../protocol/tokens/token-issuer.ts';
import { readText } from '../wire/send-request.ts';
import type { FromWorker, ToWorker, WorkerRequest, WorkerResponse, WorkerStart } from './messages.ts';

/** The members of the global scope of a dedicated worker that are used. */
export interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
}

/** Refresh tokens in memory. The page uses the newest, and briefly the previous one. The oldest are evicted. */
const maxRefreshTokens = 32;

/** Milliseconds for the request of the metadata. */
const metadataTimeout = 10_000;

/** Response headers that the page receives. */
const forwardedHeaders = ['content-type', 'dpop-nonce', 'retry-after'];

/**
 * Runs a token worker: a dedicated worker that alone has the refresh tokens. The page receives a placeholder for each of
 * them. The worker replaces it in requests to the token and revocation endpoint, which it reads from the metadata of the
 * issuer, or from the static metadata of the page's first message. It sends no request to any other address. The script of
 * the worker calls this function and nothing else.
 *
 * @param scope the global scope of the worker. Default: `globalThis`.
 * @param options.fetch sends the requests of the worker. A function of the page cannot be passed to a worker. Default: the
 *   global `fetch`.
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-oauth-browser-based-apps
 * @example
 * ```ts
 * import { runTokenWorker } from '@countersign/core/worker';
 *
 * runTokenWorker();
 * ```
 */
export function runTokenWorker(
  scope: WorkerScope = globalThis as unknown as WorkerScope,
  { fetch = (url, init) => globalThis.fetch(url, init) }: { readonly fetch?: Fetch } = {},
): void {
  /** Refresh tokens by their placeholder. */
  const refreshTokens = new Map<string, string>();
  const controllers = new Map<number, AbortController>();
  let endpoints: Promise<ReadonlySet<string>> | undefined;
  let start: WorkerStart | undefined;

  scope.onmessage = ({ data }) => {
    // Once only: a later start message could send the refresh tokens to another issuer.
    if (data?.type === 'start' && !start) {
      start = data;
      holdLock(data.lockName);
    } else if (data?.type === 'abort') controllers.get(data.id)?.abort();
    // Other messages are ignored.
    else if (data?.type === 'request') respond(data).catch(() => {});
  };

  /** Without Web Locks, the page learns of the end of the worker from the timeout of a request. */
  function holdLock(lockName: string): void {
    try {
      navigator.locks
        .request(lockName, () => {
          scope.postMessage({ type: 'ready', lockName });
          return new Promise<never>(() => {});
        })
        .catch(() => {});
    } catch {
      // The worker has no Web Locks.
    }
  }

  /** Any error leads to a message without a response. */
  async function respond(request: WorkerRequest): Promise<void> {
    const { id } = request;
    const response = await sendRequest(request).catch(() => undefined);
    controllers.delete(id);
    try {
      scope.postMessage({ id, ...(response && { response }) });
    } catch {
      // The page keeps the placeholder of its request, whose token may be spent.
      if (response) keepNewToken(request, response.body);
      // The page must not wait for a response that cannot be sent.
      scope.postMessage({ id });
    }
  }

  /** Gives the token of a response that the page does not receive to the placeholder of the request. */
  function keepNewToken(request: WorkerRequest, body: string): void {
    const next = parseObject(body)?.refresh_token;
    const token = typeof next === 'string' ? refreshTokens.get(next) : undefined;
    const placeholder = new URLSearchParams(request.body).get('refresh_token');
    if (token === undefined || placeholder === null || !refreshTokens.has(placeholder)) return;
    refreshTokens.set(placeholder, token);
  }

  async function sendRequest({ id, url, body, headers }: WorkerRequest): Promise<WorkerResponse['response']> {
    const control = new AbortController();
    controllers.set(id, control);
    if (!start || !(await getEndpoints(start)).has(url)) return undefined;
    // Created before the request: nothing may fail between the response and the moment at which its refresh token is stored.
    // Created before a placeholder is deleted, too: if this fails, the request was not sent, and can be repeated.
    const nextPlaceholder = createRandomToken();
    const parameters = new URLSearchParams(body);
    for (const name of ['refresh_token', 'token']) {
      const placeholder = parameters.get(name) ?? '';
      const real = refreshTokens.get(placeholder);
      if (real === undefined) continue;
      parameters.set(name, real);
      // A revoked token is not kept, even if the revocation fails.
      if (name === 'token') refreshTokens.delete(placeholder);
    }
    const { dpop } = headers;
    const response = await fetch(url, {
      method: 'POST',
      body: parameters,
      headers: dpop === undefined ? {} : { dpop },
      // A redirect could send the refresh token to any address (RFC 9700 section 4.12).
      redirect: 'error',
      credentials: 'omit',
      keepalive: true,
      signal: control.signal,
    });
    const forwardedEntries = forwardedHeaders
      .map((name) => [name, response.headers.get(name)])
      .filter(([, value]) => value);
    return {
      status: response.status,
      headers: Object.fromEntries(forwardedEntries),
      body: replaceRefreshToken(await readText(response), response.status, nextPlaceholder),
    };
  }

  /** Creates new JSON from the parsed value: text that is forwarded unparsed could contain the token. */
  function replaceRefreshToken(text: string, status: number, placeholder: string): string {
    const value = parseTokenResponse(text, status);
    if (!value) return '';
    const { refresh_token: refreshToken, ...rest } = value;
    if (typeof refreshToken !== 'string' || !refreshToken.trim()) return JSON.stringify(rest);
    refreshTokens.set(placeholder, refreshToken);
    const [oldest] = refreshTokens.keys();
    if (refreshTokens.size > maxRefreshTokens && oldest !== undefined) refreshTokens.delete(oldest);
    return JSON.stringify({ ...rest, refresh_token: placeholder } satisfies JsonObject);
  }

  /** The endpoints come from the issuer: the page cannot choose them. */
  function getEndpoints(message: WorkerStart): Promise<ReadonlySet<string>> {
    endpoints ??= findEndpoints(message, fetch);
    endpoints.catch(() => {
      endpoints = undefined;
    });
    return endpoints;
  }
}

function parseObject(text: string): JsonObject | undefined {
  try {
    return parseUntrustedObject(text);
  } catch {
    return undefined;
  }
}

/**
 * Parses a response of the token endpoint. Of one whose JSON is rejected, only the refresh token and the ID token are read: the
 * page rejects it for the missing access token, keeps the new refresh token, and compares the user.
 */
function parseTokenResponse(text: string, status: number): JsonObject | undefined {
  try {
    return parseTokenEndpointBody(text, status);
  } catch {
    if (status >= 400) return undefined;
  }
  const members = readTopLevelStrings(text, ['refresh_token', 'id_token']);
  const [[refreshToken, ...others], [idToken, ...otherIdTokens]] = ['refresh_token', 'id_token'].map(
    (name) => [...(members.get(name) ?? [])],
  ) as [string[], string[]];
  if (refreshToken === undefined || others.length + otherIdTokens.length > 0) return undefined;
  return { refresh_token: refreshToken, ...(idToken !== undefined && { id_token: idToken }) };
}

/** @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation */
async function findEndpoints(
  { issuer, placeholder, allowInsecureIssuer, metadataUrl, metadata: staticMetadata }: WorkerStart,
  fetch: Fetch,
): Promise<ReadonlySet<string>> {
  const url = metadataUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  for (const address of [issuer, url]) {
    if (!isSecureUrl(address, { allowInsecure: allowInsecureIssuer }))
      throw new Error(`"${address}" is not an https URL`);
  }
  const metadata = staticMetadata ?? (await fetchMetadata(url, fetch));
  const tenants = placeholder === undefined ? undefined : { placeholder, claim: '', acceptTenant: [] };
  if (!isMetadataIssuer({ issuer, tenants }, metadata.issuer))
    throw new Error('the metadata has another issuer');
  const endpointUrls = [metadata.token_endpoint, metadata.revocation_endpoint];
  return new Set(
    endpointUrls.filter((endpoint) => isSecureUrl(endpoint, { allowInsecure: allowInsecureIssuer })),
  );
}

async function fetchMetadata(url: string, fetch: Fetch): Promise<JsonObject> {
  const response = await fetch(url, {
    redirect: 'error',
    credentials: 'omit',
    // A provider that never responds must not block later requests.
    signal: AbortSignal.timeout(metadataTimeout),
  });
  return parseUntrustedObject(await readText(response));
}
