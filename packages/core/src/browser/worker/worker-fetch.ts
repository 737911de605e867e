import { TransportError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import { createRandomToken } from '../../internal/encoding.ts';
import type { Fetch } from '../../internal/fetch/bounded-fetch.ts';
import { getIssuer } from '../../providers/apply-preset.ts';
import type { IssuerOrProvider, ProviderPreset } from '../../providers/provider.ts';
import { createFeatureError } from '../state/browser-features.ts';
import type { CheckedFetch } from '../state/checked-fetch.ts';
import type { FromWorker, ToWorker, WorkerMetadata, WorkerResponse } from './messages.ts';

/** The members of a `Worker` that are used. */
export interface TokenWorker {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null;
  /** Called if the script cannot be loaded or run. */
  onerror?: ((event: ErrorEvent) => void) | null;
  postMessage(message: ToWorker): void;
}

/** Options of {@link createWorkerFetch}. Pass those of `createBrowserAuth`. */
export type WorkerFetchOptions = WorkerFetchSettings & IssuerOrProvider;

/** Options of {@link createWorkerFetch} without the issuer. */
export interface WorkerFetchSettings {
  /** The provider, as for `createBrowserAuth`. Default: none. */
  readonly provider?: ProviderPreset | undefined;
  /** Allows plain http, for a provider on the developer's machine. Default: false. */
  readonly allowInsecureIssuer?: boolean | undefined;
  /** Static metadata of the provider. Default: the worker reads the metadata of the issuer. */
  readonly metadata?: WorkerMetadata | undefined;
  /** The URL of the metadata. Default: that of the preset, otherwise the well-known address of the issuer. */
  readonly metadataUrl?: string | undefined;
  /**
   * Sends the requests of the page that contain neither a code nor a refresh token, for example for metadata and keys. The
   * worker cannot use it: it has its own option, see `runTokenWorker`. Default: the global `fetch`.
   */
  readonly fetch?: Fetch | undefined;
}

/**
 * Creates the option `fetch` of `createBrowserAuth` for a token worker, which runs `runTokenWorker`. The worker sends the
 * requests that contain a code or a refresh token. The page receives a placeholder for each refresh token, which only that
 * worker can use. The worker ends with the page, so store tokens in memory.
 *
 * If the worker cannot be created or loaded, each of its requests throws a `ConfigurationError` `unsupported_by_browser`. If
 * it has ended, they throw a `TransportError` `network_error` immediately: waiting ones too, if the browser has Web Locks. A
 * login throws the same error, and does not leave the page, unless the worker has ended. The refresh tokens of an ended worker
 * are lost; a reload of the page creates a new one.
 *
 * @param worker a dedicated worker for this client only, or a function that creates it
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-oauth-browser-based-apps
 * @example
 * ```ts
 * import { createBrowserAuth } from '@countersign/core/browser';
 * import { createWorkerFetch } from '@countersign/core/worker';
 *
 * const issuer = 'https://id.example.com';
 * const createWorker = () => new Worker('/token-worker.js', { type: 'module' });
 * const auth = createBrowserAuth({
 *   issuer,
 *   clientId: 'my-app',
 *   redirectUri: 'https://app.example.com/callback',
 *   fetch: createWorkerFetch(createWorker, { issuer }),
 * });
 * ```
 */
export function createWorkerFetch(
  worker: TokenWorker | (() => TokenWorker),
  options: WorkerFetchOptions,
): Fetch {
  const { allowInsecureIssuer = false, fetch: sendFromPage = globalFetch } = options;
  const { provider } = options;
  const { metadata, metadataUrl }: Pick<WorkerFetchSettings, 'metadata' | 'metadataUrl'> =
    options.metadata || options.metadataUrl ? options : (provider ?? {});
  const placeholder = provider?.tenants?.placeholder;
  const issuer = getIssuer(options);
  const pending = new Map<number, { resolve(message: WorkerResponse): void; reject(error: Error): void }>();
  let serial = 0;
  let hasResponded = false;
  let failure: Error | undefined;
  const lockName = `countersign worker ${createRandomToken()}`;

  function rejectPending(error: Error): void {
    for (const { reject } of pending.values()) reject(error);
  }

  /** Rejects the pending requests and all later ones. */
  function fail(error: Error): void {
    failure = error;
    rejectPending(error);
  }

  function start(): TokenWorker | undefined {
    try {
      const tokenWorker = typeof worker === 'function' ? worker() : worker;
      tokenWorker.onmessage = ({ data }) => receive(data);
      // A worker that has responded continues after an error. One that never responded was not loaded.
      tokenWorker.onerror = () => {
        if (hasResponded) rejectPending(createWorkerError('failed'));
        else fail(createFeatureError('Worker', scriptRemedy));
      };
      tokenWorker.postMessage({
        type: 'start',
        issuer,
        allowInsecureIssuer,
        lockName,
        ...(metadataUrl !== undefined && { metadataUrl }),
        ...(placeholder !== undefined && { placeholder }),
        ...(metadata && { metadata: selectMembers(metadata) }),
      });
      return tokenWorker;
    } catch (error) {
      console.warn('Countersign: the token worker could not be created.', error);
      fail(
        createFeatureError(
          'Worker',
          isDevelopment
            ? 'The token worker could not be created. With Trusted Types, create its URL with a policy. Without support for workers, remove the token worker.'
            : '',
        ),
      );
      return undefined;
    }
  }

  function receive(message: FromWorker | undefined): void {
    hasResponded = true;
    if (message?.type !== 'ready') pending.get(message?.id as number)?.resolve(message as WorkerResponse);
    // Another client may have started the worker.
    else if (message.lockName === lockName) watchWorker();
  }

  /** The browser grants the lock of the worker to the page when the worker has ended. */
  function watchWorker(): void {
    navigator.locks
      .request(lockName, async () => fail(createWorkerError('has ended, and its refresh tokens are lost')))
      .catch(() => {});
  }

  const tokenWorker = start();
  const send: Fetch = async (url, init) => {
    const { body, signal } = init;
    if (!(body instanceof URLSearchParams) || !isForWorker(body)) return sendFromPage(url, init);
    if (failure || !tokenWorker) throw failure;
    signal?.throwIfAborted();
    const id = serial++;
    try {
      const { response } = await new Promise<WorkerResponse>((resolve, reject) => {
        pending.set(id, { resolve, reject });
        signal?.addEventListener('abort', () => {
          reject(signal.reason);
          try {
            tokenWorker.postMessage({ type: 'abort', id });
          } catch {
            // The worker continues its request. The caller does not wait for it.
          }
        });
        const headers = Object.fromEntries(new Headers(init.headers));
        tokenWorker.postMessage({ type: 'request', id, url, body: body.toString(), headers });
      });
      if (!response) throw new TypeError('The token worker rejected the request, or it failed.');
      return new Response(response.body || null, { status: response.status, headers: response.headers });
    } finally {
      pending.delete(id);
    }
  };
  // A worker that has ended is created again by the page that receives the code.
  const findFailure = () => (hasResponded ? undefined : failure);
  return Object.assign(send, { findFailure }) satisfies CheckedFetch;
}

const globalFetch: Fetch = (url, init) => fetch(url, init);

const scriptSettings = 'the URL of its script, and worker-src of the Content-Security-Policy';

const scriptRemedy = isDevelopment
  ? `The script of the token worker could not be loaded or run. Reload the page. If it fails again, check ${scriptSettings}.`
  : '';

const createWorkerError = (problem: string) =>
  new TransportError(
    'network_error',
    `The token worker ${problem}. Reload the page. If it fails again, check ${scriptSettings}.`,
  );

/** Other members of the metadata may not be cloneable. */
const selectMembers = ({ issuer, token_endpoint, revocation_endpoint }: WorkerMetadata): WorkerMetadata => ({
  issuer,
  ...(token_endpoint !== undefined && { token_endpoint }),
  ...(revocation_endpoint !== undefined && { revocation_endpoint }),
});

const isForWorker = (body: URLSearchParams) => body.has('grant_type') || body.has('token');
