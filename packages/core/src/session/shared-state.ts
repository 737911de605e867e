import type { ClientContext } from '../client/client-context.ts';
import { createLocalRefreshState, type LocalRefreshState } from '../tokens/refresh/local-refresh-state.ts';
import { createMemoryLock, type RefreshLock } from '../tokens/stores/refresh-lock.ts';
import { createMemoryReplayStore, type ReplayStore } from '../tokens/stores/replay-store.ts';
import { createMemorySuccessorStore, type SuccessorStore } from '../tokens/stores/successor-store.ts';
import { createSessionEntries, type SessionEntries } from './backends/state/session-cache.ts';
import type { MemorySessions } from './backends/stores/memory-sessions.ts';
import { createMemoryTombstoneStore } from './backends/stores/memory-tombstone-store.ts';
import type { TombstoneStore } from './backends/stores/tombstone-store.ts';

// The only state of this folder that is global to the process. A framework may load the modules of an application several
// times: once for its proxy, once for each layer, and again after each edit in development. Copies with separate state
// would not find the sessions of each other, and would spend one refresh token twice.

const registryKey = Symbol.for('countersign.session');

/** Maximum count of applications in one process. Beyond it, the state of the one that was least recently created is dropped. */
const maxApplications = 2_000;

/** What identifies an application. Two applications in one process do not share state. */
export interface ApplicationIdentity {
  readonly issuer: string;
  readonly clientId: string;
  readonly baseUrls: readonly string[];
  readonly cookieName: string;
  readonly secrets: readonly string[];
}

/** Stores and locks in the memory of this process. */
export interface SharedStores {
  readonly lock: RefreshLock;
  readonly successors: SuccessorStore;
  readonly tombstones: TombstoneStore;
  readonly replay: ReplayStore;
}

/** The state that all copies of an application in this process share. */
export interface SharedState {
  readonly stores: SharedStores;
  /** The first store in memory that the application has passed as an option. */
  readonly givenStores: { -readonly [Name in keyof SharedStores]?: SharedStores[Name] };
  /** The sessions of `createMemorySessionStore()`. */
  sessions: MemorySessions | undefined;
  readonly refresh: LocalRefreshState;
  readonly failedLogins: Set<string>;
  /** Decrypted cookie sessions. */
  readonly sessionEntries: SessionEntries;
  /** Metadata and keys of the provider. */
  readonly client: ClientContext['state'];
}

/** Finds or creates the state of an application in this process. */
export function getSharedState(identity: ApplicationIdentity): SharedState {
  const holder = globalThis as { [registryKey]?: Map<string, SharedState> };
  holder[registryKey] ??= new Map();
  const states = holder[registryKey];
  const key = createKey(identity);
  const state = states.get(key) ?? createSharedState();
  states.delete(key);
  states.set(key, state);
  for (const oldest of states.keys()) {
    if (states.size <= maxApplications) break;
    states.delete(oldest);
  }
  return state;
}

const createSharedState = (): SharedState => ({
  stores: {
    lock: createMemoryLock(),
    successors: createMemorySuccessorStore(),
    tombstones: createMemoryTombstoneStore(),
    replay: createMemoryReplayStore(),
  },
  givenStores: {},
  sessions: undefined,
  refresh: createLocalRefreshState(),
  failedLogins: new Set(),
  sessionEntries: createSessionEntries(),
  client: {},
});

function createKey({ issuer, clientId, baseUrls, cookieName, secrets }: ApplicationIdentity): string {
  return JSON.stringify([issuer, clientId, baseUrls, cookieName, secrets.map(createFingerprint)]);
}

/**
 * Distinguishes secrets without storing them in a global object. It protects nothing: a platform has no synchronous
 * SHA-256, and secrets are too long to be guessed.
 */
function createFingerprint(secret: string): string {
  const calculate = (start: number) => {
    let hash = start;
    for (let at = 0; at < secret.length; at++) hash = Math.imul(hash ^ secret.charCodeAt(at), 0x0100_0193);
    return (hash >>> 0).toString(16);
  };
  return `${secret.length}.${calculate(0x811c_9dc5)}.${calculate(0x1234_5679)}`;
}

/** The notices that this process has written to the console. */
const noticesKey = Symbol.for('countersign.session.notices');

/** Returns true at the first call for a notice in this process. */
export function claimNotice(name: string): boolean {
  const holder = globalThis as { [noticesKey]?: Set<string> };
  holder[noticesKey] ??= new Set();
  const isFirst = !holder[noticesKey].has(name);
  holder[noticesKey].add(name);
  return isFirst;
}
