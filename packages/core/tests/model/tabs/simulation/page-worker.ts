import type { FromWorker, ToWorker } from '../../../../src/browser/worker/messages.ts';
import { runTokenWorker, type WorkerScope } from '../../../../src/browser/worker/run-token-worker.ts';
import { createWorkerFetch, type TokenWorker } from '../../../../src/browser/worker/worker-fetch.ts';
import type { Fetch } from '../../../../src/internal/fetch/bounded-fetch.ts';
import { issuer, providerMetadata } from '../../simulation/provider.ts';
import type { ModelProcess, Scheduler } from '../../simulation/scheduler.ts';
import { type PageGlobals, setPageGlobals } from './page-globals.ts';
import type { TabWorld } from './world-types.ts';

/** A token worker of a page. It ends with its page. */
export interface PageWorker {
  /** The option `fetch` of the client of the page. */
  readonly fetch: Fetch;
  end(): void;
}

/** Starts a token worker. Call it in the process of the page. */
export function startPageWorker({ scheduler, locks, fetch }: TabWorld, page: ModelProcess): PageWorker {
  const process: ModelProcess = {
    name: `${page.name} worker`,
    isAlive: true,
    clockOffset: page.clockOffset,
  };
  setPageGlobals(process, { navigator: { locks: locks.create(process) } } as PageGlobals);
  const scope: WorkerScope = {
    onmessage: null,
    postMessage: createPort<FromWorker>(scheduler, page, (event) => worker.onmessage?.(event)),
  };
  const worker: TokenWorker = {
    onmessage: null,
    postMessage: createPort<ToWorker>(scheduler, process, (event) => scope.onmessage?.(event)),
  };
  scheduler.runIn({ process, action: 'worker' }, () => runTokenWorker(scope, { fetch }));
  return {
    fetch: createWorkerFetch(worker, { issuer, metadata: providerMetadata, fetch }),
    end() {
      scheduler.crash(process);
      locks.releaseAll(process);
    },
  };
}

/** Messages reach a process in their order. Each of them is a step. */
function createPort<T>(
  scheduler: Scheduler,
  receiver: ModelProcess,
  deliver: (event: MessageEvent<T>) => void,
): (message: T) => void {
  const queue: T[] = [];
  return (message) => {
    if (!receiver.isAlive) return;
    queue.push(structuredClone(message));
    scheduler.runIn({ process: receiver, action: 'messages of the worker' }, () =>
      scheduler.step('receives a message of the worker or its page', () =>
        deliver({ data: queue.shift() } as MessageEvent<T>),
      ),
    );
  };
}
