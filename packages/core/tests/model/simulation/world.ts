import type { WebSessions } from '../../../src/session/web-sessions.ts';
import type { Faults } from '../faults/faults.ts';
import type { Ledger } from '../invariants/ledger.ts';
import { createSessions, createStores, type Deployment } from './deployment.ts';
import { createPorts } from './ports.ts';
import type { ModelProvider } from './provider.ts';
import { createProviderNetwork } from './provider-network.ts';
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
  const sendToProvider = createProviderNetwork({ scheduler, faults, provider });
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
