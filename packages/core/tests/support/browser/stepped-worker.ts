import type { FromWorker, ToWorker } from '../../../src/browser/worker/messages.ts';
import { runTokenWorker, type WorkerScope } from '../../../src/browser/worker/run-token-worker.ts';
import type { TokenWorker } from '../../../src/browser/worker/worker-fetch.ts';
import type { Fetch } from '../../../src/internal/fetch/bounded-fetch.ts';
import type { Scheduler } from '../scheduler.ts';

/**
 * Starts a token worker. Each message between the page and the worker is a scheduler step. The messages of one direction
 * arrive in the order in which they were sent.
 *
 * @param fetch sends the requests of the worker
 */
export function startSteppedWorker(scheduler: Scheduler, fetch: Fetch): TokenWorker {
  const scope: WorkerScope = {
    onmessage: null,
    postMessage: createPort<FromWorker>(scheduler, 'the page', (event) => worker.onmessage?.(event)),
  };
  const worker: TokenWorker = {
    onmessage: null,
    postMessage: createPort<ToWorker>(scheduler, 'the worker', (event) => scope.onmessage?.(event)),
  };
  runTokenWorker(scope, { fetch });
  return worker;
}

function createPort<T extends { readonly type?: string | undefined }>(
  scheduler: Scheduler,
  receiver: string,
  deliver: (event: MessageEvent<T>) => void,
): (message: T) => void {
  const waiting: T[] = [];
  return (message) => {
    waiting.push(structuredClone(message));
    void scheduler.step(`${receiver} receives ${message.type ?? 'a response'}`, () =>
      deliver({ data: waiting.shift() } as MessageEvent<T>),
    );
  };
}
