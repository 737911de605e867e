import { TransportError } from '../../errors.ts';
import type { Fetch } from '../../internal/http.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** The part of a `Worker` that is used. */
export interface TokenWorker {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null;
  /** Called when its script cannot be loaded or run. */
  onerror?: ((event: ErrorEvent) => void) | null;
  postMessage(message: ToWorker): void;
}

/**
 * A `fetch` for `createBrowserAuth` that leaves requests with a code or a refresh token to a worker, which runs
 * `runTokenWorker`. The page is given a stand-in for each refresh token, which is of use to that worker alone. Keep
 * tokens in memory then: the worker, and what it holds, goes with the page.
 *
 * A worker that cannot be loaded fails each request with a `TransportError` at once; one that stops later, at the
 * time-out of the request.
 *
 * @param worker a dedicated worker that nothing else talks to
 */
export function createWorkerFetch(
  worker: TokenWorker,
  {
    issuer,
    allowInsecureIssuer = false,
  }: { readonly issuer: string; readonly allowInsecureIssuer?: boolean },
): Fetch {
  const waiting = new Map<number, { resolve(message: FromWorker): void; reject(error: Error): void }>();
  let serial = 0;
  let isAlive = false;
  let failure: TransportError | undefined;
  worker.onmessage = ({ data }) => {
    isAlive = true;
    waiting.get(data?.id)?.resolve(data);
  };
  worker.onerror = () => {
    const error = new TransportError(
      'network_error',
      'The token worker failed: its script could not be loaded or run. Check its URL, and worker-src of the Content-Security-Policy.',
    );
    // One that has answered goes on after an error; one that never did was not loaded.
    if (!isAlive) failure = error;
    for (const { reject } of waiting.values()) reject(error);
  };
  worker.postMessage({ type: 'start', issuer, allowInsecureIssuer });
  return async (url, init) => {
    const { body, signal } = init;
    if (!(body instanceof URLSearchParams) || !isForWorker(body)) return fetch(url, init);
    if (failure) throw failure;
    signal?.throwIfAborted();
    const id = serial++;
    try {
      const { answer } = await new Promise<FromWorker>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        signal?.addEventListener('abort', () => {
          worker.postMessage({ type: 'abort', id });
          reject(signal.reason);
        });
        const headers = Object.fromEntries(new Headers(init.headers));
        worker.postMessage({ type: 'request', id, url, body: body.toString(), headers });
      });
      if (!answer) throw new TypeError('The worker got no answer.');
      return new Response(answer.body || null, { status: answer.status, headers: answer.headers });
    } finally {
      waiting.delete(id);
    }
  };
}

const isForWorker = (body: URLSearchParams) => body.has('grant_type') || body.has('token');
