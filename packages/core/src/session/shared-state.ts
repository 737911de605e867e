import { ConfigurationError } from '../errors.ts';
import { createLocalRefreshState, type LocalRefreshState } from '../tokens/refresh/local-refresh-state.ts';
import { createMemoryLock, type RefreshLock } from '../tokens/stores/refresh-lock.ts';
import { createMemoryReplayStore, type ReplayStore } from '../tokens/stores/replay-store.ts';
import { createMemorySuccessorStore, type SuccessorStore } from '../tokens/stores/successor-store.ts';
import { createEndedKeys, type EndedKeys } from './backends/guarded-stores.ts';
import { createSessionEntries, type SessionEntries } from './backends/state/session-cache.ts';
import type { MemorySessions } from './backends/stores/memory-sessions.ts';
import { createMemoryTombstoneStore } from './backends/stores/memory-tombstone-store.ts';
import type { TombstoneStore } from './backends/stores/tombstone-store.ts';
import type { ClientStates } from './client-states.ts';
import { createEndRetries, type EndRetries } from './end/end-retries.ts';
import type { RequiredLogin } from './requests/login-loop.ts';

// The only state of this folder that is global to the process. A framework may load the modules of an application several
// times: once for its proxy, once for each layer, and again after each edit in development. Copies with separate state
// would not find each other's sessions, and would spend one refresh token twice.

const registryKey = Symbol.for('countersign.session');

/** Maximum count of applications whose logouts, used values or sessions are recorded in the memory of this process. */
const maxRecordingApplications = 2_000;
/** Maximum count of the other applications. Beyond it, the state of the one that was least recently created is dropped. */
const maxOtherApplications = 2_000;

/**
 * What identifies an application: all hosts of one client with one secret share their state, so that a client that
 * invents hosts adds none. Applications that differ do not share state.
 */
export interface ApplicationIdentity {
  readonly issuer: string;
  readonly clientId: string;
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
  /** The state contains the only records of logouts, used values or sessions, so it is never dropped. */
  isRecording: boolean;
  readonly stores: SharedStores;
  /** The first store in memory that the application has passed as an option. */
  readonly givenStores: { -readonly [Name in keyof SharedStores]?: SharedStores[Name] };
  /** The sessions of `createMemorySessionStore()`. */
  sessions: MemorySessions | undefined;
  readonly refresh: LocalRefreshState;
  readonly failedLogins: Set<string>;
  /** Expiry of the records of logouts by browsers without a session. */
  readonly logoutRecords: Map<string, number>;
  /** Keys of sessions that could not be ended. */
  readonly endedKeys: EndedKeys;
  readonly endRetries: EndRetries;
  readonly requiredLogins: Map<string, RequiredLogin>;
  /** Decrypted cookie sessions. */
  readonly sessionEntries: SessionEntries;
  /** Metadata and keys of the provider. */
  readonly clients: ClientStates;
}

/**
 * Finds or creates the state of an application in this process.
 *
 * @param options `isRecording`: the memory of this process has the only records of logouts, used values or sessions
 * @throws ConfigurationError `too_many_applications` instead of a new state that would displace such records
 */
export function getSharedState(
  identity: ApplicationIdentity,
  { isRecording }: { readonly isRecording: boolean },
): SharedState {
  const holder = globalThis as { [registryKey]?: Map<string, SharedState> };
  holder[registryKey] ??= new Map();
  const states = holder[registryKey];
  const key = createKey(identity);
  const sharedState = states.get(key);
  if (isRecording && !sharedState?.isRecording) requireRoom(states);
  const state = sharedState ?? createSharedState();
  state.isRecording ||= isRecording;
  states.delete(key);
  states.set(key, state);
  if (!sharedState) dropOldStates(states);
  return state;
}

/** Any client can name any host: a record that a flood of hosts could displace would make a used value valid again. */
function requireRoom(states: ReadonlyMap<string, SharedState>): void {
  if (countStates(states, { isRecording: true }) < maxRecordingApplications) return;
  const error = new ConfigurationError(
    'too_many_applications',
    `This process records the logouts of ${maxRecordingApplications} applications in its memory, and cannot add another issuer, client ID or secret. Return undefined for unknown hosts from the function of the options. For more applications set "tombstones" (or "store") and "replay" to stores outside of this process, for example in Redis.`,
  );
  if (claimNotice('too many applications'))
    console.error(`countersign: ${error.message} This is written once for each process.`);
  throw error;
}

function dropOldStates(states: Map<string, SharedState>): void {
  let excess = countStates(states, { isRecording: false }) - maxOtherApplications;
  for (const [key, { isRecording }] of states) {
    if (excess <= 0) break;
    if (isRecording) continue;
    states.delete(key);
    excess--;
  }
}

function countStates(
  states: ReadonlyMap<string, SharedState>,
  { isRecording }: Pick<SharedState, 'isRecording'>,
): number {
  let count = 0;
  for (const state of states.values()) if (state.isRecording === isRecording) count++;
  return count;
}

const createSharedState = (): SharedState => ({
  isRecording: false,
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
  logoutRecords: new Map(),
  endedKeys: createEndedKeys(),
  endRetries: createEndRetries(),
  requiredLogins: new Map(),
  sessionEntries: createSessionEntries(),
  clients: [],
});

function createKey({ issuer, clientId, secrets }: ApplicationIdentity): string {
  return JSON.stringify([issuer, clientId, secrets.map(createFingerprint)]);
}

/**
 * Distinguishes secrets without storing them in a global object. It does not protect them: some platforms have no synchronous
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
