import { createMemorySessionStore } from '../../../src/session/backends/stores/memory-session-store.ts';
import { createMemoryTombstoneStore } from '../../../src/session/backends/stores/memory-tombstone-store.ts';
import { createWebAuth } from '../../../src/session/web-auth.ts';
import type { WebSessions } from '../../../src/session/web-sessions.ts';
import { createMemoryLock, type RefreshLock } from '../../../src/tokens/stores/refresh-lock.ts';
import { createMemoryReplayStore, type ReplayStore } from '../../../src/tokens/stores/replay-store.ts';
import { createMemorySuccessorStore } from '../../../src/tokens/stores/successor-store.ts';
import type { Random } from '../../support/random.ts';
import { clientId, issuer, providerMetadata } from './provider.ts';
import { readWallClock } from './replace-globals.ts';
import type { Stores } from './stores.ts';

/** How an application is deployed. */
export interface Deployment {
  readonly name: string;
  readonly kind: 'cookie' | 'stored';
  readonly processes: number;
  /** True if lock and stores are shared by all processes and outlive them. */
  readonly isShared: boolean;
}

export const deployments: readonly Deployment[] = [
  { name: 'cookie, one process', kind: 'cookie', processes: 1, isShared: false },
  { name: 'cookie, one process, shared store', kind: 'cookie', processes: 1, isShared: true },
  { name: 'cookie, many processes', kind: 'cookie', processes: 2, isShared: false },
  { name: 'cookie, many processes, shared store', kind: 'cookie', processes: 3, isShared: true },
  { name: 'stored, one process, memory store', kind: 'stored', processes: 1, isShared: false },
  { name: 'stored, one process, shared store', kind: 'stored', processes: 1, isShared: true },
  { name: 'stored, many processes, shared store', kind: 'stored', processes: 3, isShared: true },
];

/** The stores behind a network. */
export const getPorts = ({ kind, isShared }: Deployment): readonly (keyof Stores)[] => [
  ...(kind === 'stored' ? (['session'] as const) : []),
  ...(isShared ? (['lock', 'successors', 'replay'] as const) : []),
  ...(isShared && kind === 'cookie' ? (['tombstones'] as const) : []),
];

/** Half of the runs share stores between processes, because these have the most possible orders. */
export const chooseDeployment = (random: Random): Deployment =>
  random.pick(
    random.oneIn(2)
      ? deployments
      : deployments.filter(({ isShared, processes }) => isShared && processes > 1),
  );

export const secret = 'a secret of the interleaving model, with 32 characters or more';
export const baseUrl = 'https://app.example';
export const resources = ['https://a.example', 'https://b.example'] as const;

/** Creates the stores of this package, without ports. Call it in the context of the process that owns them. */
export function createStores(): Stores {
  const now = readWallClock;
  return {
    session: createMemorySessionStore({ now }),
    tombstones: createMemoryTombstoneStore({ now }),
    successors: createMemorySuccessorStore(),
    replay: createMemoryReplayStore({ now }) as Required<ReplayStore>,
    lock: createMemoryLock() as Required<RefreshLock>,
  };
}

/** Creates the sessions of one process, as an application does. */
export function createSessions(
  deployment: Deployment,
  options: {
    readonly stores: Stores;
    readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
    readonly isMetadataStatic: boolean;
  },
): WebSessions {
  const { stores, fetch, isMetadataStatic } = options;
  const { session, tombstones, replay, lock, successors } = stores;
  // The processes of the model share one global object. Each one starts with its own state.
  delete (globalThis as Record<symbol, unknown>)[Symbol.for('countersign.session')];
  const { sessions } = createWebAuth(
    {
      issuer,
      clientId,
      secret,
      baseUrl,
      resource: [...resources],
      environment: {},
      fetch,
      now: readWallClock,
      idTokenSignedResponseAlg: 'ES256',
      onEvent: () => {},
      ...(isMetadataStatic && { metadata: providerMetadata }),
      ...(deployment.kind === 'stored' && { store: session }),
      ...(deployment.isShared && { tombstones, replay, refresh: { lock, successors } }),
    },
    null,
  );
  return sessions;
}
