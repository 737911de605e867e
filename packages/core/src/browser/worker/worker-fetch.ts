import type { Fetch } from '../../internal/http.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** The part of a `Worker` that is used. */
export interface TokenWorker {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null;
  postMessage(message: ToWorker): void;
}

/**
 * A `fetch` for `createBrowserAuth` that leaves requests with a code or a refresh token to a worker, which runs
 * `runTokenWorker`. The page is given a stand-in for each refresh token, which is of use to that worker alone. Keep
 * tokens in memory then: the worker, and what it holds, goes with the page.
 *
 * @param worker a dedicated worker that nobody else talks to
 */
export function createWorkerFetch(
  worker: TokenWorker,
  {
    issuer,
    allowInsecureIssuer = false,
  }: { readonly issuer: string; readonly allowInsecureIssuer?: boolean },
): Fetch {
  const waiting = new Map<number, (message: FromWorker) => void>();
  let serial = 0;
  worker.postMessage({ type: 'start', issuer, allowInsecureIssuer });
  worker.onmessage = ({ data }) => waiting.get(data.id)?.(data);
  return async (url, init) => {
    const { body, signal } = init;
    if (!(body instanceof URLSearchParams) || !isForWorker(body)) return fetch(url, init);
    const id = serial++;
    try {
      const { answer } = await new Promise<FromWorker>((resolve, reject) => {
        waiting.set(id, resolve);
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
