import { TransportError } from '../../errors.ts';
import type { Fetch } from '../../internal/http.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** The members of a `Worker` that are used. */
export interface TokenWorker {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null;
  /** Called if the script cannot be loaded or run. */
  onerror?: ((event: ErrorEvent) => void) | null;
  postMessage(message: ToWorker): void;
}

/**
 * Creates the option `fetch` of `createBrowserAuth` for a token worker, which runs `runTokenWorker`. The worker sends the
 * requests that contain a code or a refresh token. The page receives a placeholder for each refresh token, which only that
 * worker can use. The worker ends with the page, so store tokens in memory.
 *
 * If the worker cannot be loaded, each request throws a `TransportError` `network_error`. If it stops later, requests throw
 * `timeout`.
 *
 * @param worker a dedicated worker for this client only
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-oauth-browser-based-apps
 * @example
 * ```ts
 * import { createBrowserAuth } from '@countersign/core/browser';
 * import { createWorkerFetch } from '@countersign/core/worker';
 *
 * const issuer = 'https://id.example.com';
 * const worker = new Worker('/token-worker.js', { type: 'module' });
 * const auth = createBrowserAuth({
 *   issuer,
 *   clientId: 'my-app',
 *   redirectUri: 'https://app.example.com/callback',
 *   fetch: createWorkerFetch(worker, { issuer }),
 * });
 * ```
 */
export function createWorkerFetch(
  worker: TokenWorker,
  {
    issuer,
    allowInsecureIssuer = false,
  }: { readonly issuer: string; readonly allowInsecureIssuer?: boolean },
): Fetch {
  const pending = new Map<number, { resolve(message: FromWorker): void; reject(error: Error): void }>();
  let serial = 0;
  let hasResponded = false;
  let failure: TransportError | undefined;
  worker.onmessage = ({ data }) => {
    hasResponded = true;
    pending.get(data?.id)?.resolve(data);
  };
  worker.onerror = () => {
    const error = new TransportError(
      'network_error',
      'The token worker failed: its script could not be loaded or run. Check its URL, and worker-src of the Content-Security-Policy.',
    );
    // A worker that has responded continues after an error. One that never responded was not loaded.
    if (!hasResponded) failure = error;
    for (const { reject } of pending.values()) reject(error);
  };
  worker.postMessage({ type: 'start', issuer, allowInsecureIssuer });
  return async (url, init) => {
    const { body, signal } = init;
    if (!(body instanceof URLSearchParams) || !isForWorker(body)) return fetch(url, init);
    if (failure) throw failure;
    signal?.throwIfAborted();
    const id = serial++;
    try {
      const { response } = await new Promise<FromWorker>((resolve, reject) => {
        pending.set(id, { resolve, reject });
        signal?.addEventListener('abort', () => {
          worker.postMessage({ type: 'abort', id });
          reject(signal.reason);
        });
        const headers = Object.fromEntries(new Headers(init.headers));
        worker.postMessage({ type: 'request', id, url, body: body.toString(), headers });
      });
      if (!response) throw new TypeError('The token worker rejected the request, or it failed.');
      return new Response(response.body || null, { status: response.status, headers: response.headers });
    } finally {
      pending.delete(id);
    }
  };
}

const isForWorker = (body: URLSearchParams) => body.has('grant_type') || body.has('token');
