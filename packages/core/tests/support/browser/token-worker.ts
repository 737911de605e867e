import { vi } from 'vitest';
import type { FromWorker, ToWorker } from '../../../src/browser/worker/messages.ts';
import { runTokenWorker, type WorkerScope } from '../../../src/browser/worker/run-token-worker.ts';
import type { TokenWorker } from '../../../src/browser/worker/worker-fetch.ts';
import { createTestProvider, type TestProvider } from './browser-provider.ts';

export interface WorkerSetup {
  readonly provider: TestProvider;
  /** The URLs of the requests of page and worker. */
  readonly requestedUrls: string[];
  /** The messages that the page has sent. */
  readonly toWorker: ToWorker[];
  /** The messages that the worker has sent. */
  readonly toPage: FromWorker[];
  /** Starts a token worker. Page and worker communicate through a MessageChannel. */
  startWorker(options?: Parameters<typeof runTokenWorker>[1], hooks?: MessageHooks): TokenWorker;
  /** Closes the channel and restores the globals. */
  close(): void;
}

/** Functions that are called before a message is sent, and may throw. */
export interface MessageHooks {
  readonly beforeMessageToPage?: (message: FromWorker) => void;
  readonly beforeMessageToWorker?: (message: ToWorker) => void;
}

/** Creates a provider and replaces `fetch` by its requests. Browser tests of the Angular app use a real worker. */
export async function setUpTokenWorker(): Promise<WorkerSetup> {
  const provider = await createTestProvider(() => Date.now());
  const requestedUrls: string[] = [];
  const toWorker: ToWorker[] = [];
  const toPage: FromWorker[] = [];
  const ports: MessagePort[] = [];
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    requestedUrls.push(url);
    return provider.fetch(url, init);
  });
  return {
    provider,
    requestedUrls,
    toWorker,
    toPage,
    startWorker(options, { beforeMessageToPage, beforeMessageToWorker } = {}) {
      const { port1, port2 } = new MessageChannel();
      ports.push(port1);
      const scope: WorkerScope = {
        onmessage: null,
        postMessage(message) {
          beforeMessageToPage?.(message);
          toPage.push(message);
          port2.postMessage(message);
        },
      };
      runTokenWorker(scope, options);
      port2.onmessage = ({ data }) => scope.onmessage?.({ data } as MessageEvent);
      const worker: TokenWorker = {
        onmessage: null,
        postMessage(message) {
          beforeMessageToWorker?.(message);
          toWorker.push(message);
          port1.postMessage(message);
        },
      };
      port1.onmessage = ({ data }) => worker.onmessage?.({ data } as MessageEvent);
      return worker;
    },
    close() {
      for (const port of ports) port.close();
      vi.unstubAllGlobals();
    },
  };
}

/** The options of a request with a form. */
export const createFormRequest = (parameters: Record<string, string>): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams(parameters),
});
