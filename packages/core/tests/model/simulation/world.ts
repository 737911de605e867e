import type { WebSessions } from '../../../src/session/web-sessions.ts';
import type { Faults } from '../faults/faults.ts';
import type { Ledger } from '../invariants/ledger.ts';
import { createSessions, createStores, type Deployment } from './deployment.ts';
import { createPorts } from './ports.ts';
import type { ModelProvider } from './provider.ts';
import type { ModelProcess, Scheduler } from './scheduler.ts';
import type { Stores } from './stores.ts';

/** A process that runs the application. */
export interface Instance {
  readonly process: ModelProcess;
  readonly sessions: WebSessions;
  /** Resolves when the process has crashed. */
  readonly termination: Promise<void>;
}

export interface World {
  readonly deployment: Deployment;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly ledger: Ledger;
  readonly provider: ModelProvider;
  /** The current process of each slot. */
  readonly instances: readonly Instance[];
  /** Ends a process and starts its replacement. */
  restart(index: number): void;
  /** The actions that run, by process. */
  readonly runningActions: Map<string, ModelProcess>;
}

export interface WorldOptions {
  readonly deployment: Deployment;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly ledger: Ledger;
  readonly provider: ModelProvider;
  readonly isMetadataStatic: boolean;
  /** Replaces the stores, to test that the model finds a missing guarantee. */
  readonly wrapStores?: (stores: Stores) => Stores;
}

/** One of this many responses of the provider is slow, so that other actions complete before it. */
const slowShare = 8;

export function createWorld(options: WorldOptions): World {
  const { deployment, scheduler, faults, ledger, provider, isMetadataStatic } = options;
  const { wrapStores = (stores: Stores) => stores } = options;
  const runningActions = new Map<string, ModelProcess>();
  const createWrappedPorts = () =>
    createPorts(wrapStores(createStores()), {
      scheduler,
      faults,
      onFault: ledger.onStoreFault,
      onSuccessorStored: ledger.onSuccessorStored,
    });
  const sharedPorts = createWrappedPorts();
  let processCount = 0;

  function start(index: number): Instance & { readonly crash: () => void } {
    const process = { name: `p${index + 1}.${++processCount}`, isAlive: true, clockOffset: 0 };
    let crash = () => {};
    const termination = new Promise<void>((resolve) => {
      crash = resolve;
    });
    const sessions = scheduler.runIn({ process, action: 'start' }, () =>
      createSessions(deployment, {
        stores: deployment.isShared ? sharedPorts : createWrappedPorts(),
        fetch: sendToProvider,
        isMetadataStatic,
      }),
    );
    return { process, sessions, termination, crash };
  }

  async function sendToProvider(url: string, init: RequestInit): Promise<Response> {
    const context = scheduler.getContext();
    const name = `provider ${new URL(url).pathname}`;
    if (faults.take('provider-unavailable'))
      return scheduler.step(`${name} is unavailable`, () => new Response(null, { status: 503 }));
    const isLost = faults.take('lost-provider-response') !== undefined;
    const { response, spend, onDelivered } = await scheduler.step(`${name} arrives`, () => {
      const result = provider.handle(url, init, context);
      if (isLost && result.spend) result.spend.outcome = 'lost';
      return result;
    });
    if (isLost) {
      await scheduler.step(`${name}: its response is lost`, () => {});
      if (scheduler.random.oneIn(2)) throw new TypeError('connection closed');
      return new Promise(() => {});
    }
    if (scheduler.random.oneIn(slowShare)) {
      const delay = 500 + scheduler.random.below(3_000);
      await new Promise((resolve) => scheduler.setTimer(() => resolve(undefined), delay, false));
    }
    await scheduler.step(`${name} returns`, () => {});
    if (spend) spend.outcome = 'delivered';
    onDelivered?.();
    return response;
  }

  const instances = Array.from({ length: deployment.processes }, (_, index) => start(index));
  return {
    deployment,
    scheduler,
    faults,
    ledger,
    provider,
    instances,
    runningActions,
    restart(index) {
      const { process, crash } = instances[index] as (typeof instances)[0];
      for (const [action, each] of runningActions) if (each === process) ledger.crashedActions.add(action);
      scheduler.crash(process);
      instances[index] = start(index);
      crash();
    },
  };
}
