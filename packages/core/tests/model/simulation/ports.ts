import type { FaultKind, Faults } from '../faults/faults.ts';
import type { Context, Scheduler } from './scheduler.ts';
import type { Stores } from './stores.ts';

interface PortOptions {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  /** Called for each fault of an operation. */
  readonly onFault: (port: keyof Stores, context: Context) => void;
  /** Called when the shared store contains the successor of a refresh token. */
  readonly onSuccessorStored: (key: string, now: number) => void;
}

const storeContext: Context = { action: 'stores' };

/**
 * Puts a network between the code under test and the stores: a request arrives, and later its response. The scheduler
 * chooses both moments. The faults of the run decide which operations fail.
 */
export function createPorts(
  stores: Stores,
  { scheduler, faults, onFault, onSuccessorStored }: PortOptions,
): Stores {
  async function call<T>(
    port: keyof Stores,
    operation: string,
    run: () => Promise<T>,
    kind: 'read' | 'write',
  ): Promise<T> {
    const name = `${port} ${operation}`;
    const kinds: FaultKind[] =
      kind === 'read'
        ? ['failed-read', 'store-outage']
        : ['failed-write', 'lost-write-response', 'store-outage'];
    const context = scheduler.getContext();
    const fault = faults.take(kinds, port);
    if (fault) onFault(port, context);
    if (fault && fault.kind !== 'lost-write-response') {
      await scheduler.step(`${name} fails`, () => {});
      throw new Error('connection closed');
    }
    const result = await scheduler.step(`${name} arrives`, () => scheduler.runIn(storeContext, run));
    scheduler.note(`→ ${describe(result)}`);
    if (fault) {
      await scheduler.step(`${name}: its response is lost`, () => {});
      throw new Error('connection closed');
    }
    // Half of the responses arrive at once. The others arrive later, when their data may be outdated.
    if (scheduler.random.oneIn(2)) await scheduler.step(`${name} returns`, () => {});
    return result;
  }

  const { session, tombstones, successors, replay, lock } = stores;
  return {
    session: {
      get: (key) => call('session', 'get', () => session.get(key), 'read'),
      set: (key, record, version) =>
        call('session', `set version ${record.version}`, () => session.set(key, record, version), 'write'),
      delete: (key) => call('session', 'delete', () => session.delete(key), 'write'),
      deleteWhere: (match) => call('session', 'deleteWhere', () => session.deleteWhere(match), 'write'),
    },
    tombstones: {
      set: (key, endedAt, timeToLive, options) =>
        call('tombstones', 'set', () => tombstones.set(key, endedAt, timeToLive, options), 'write'),
      latest: (keys) => call('tombstones', 'latest', () => tombstones.latest(keys), 'read'),
    },
    successors: {
      get: (key) => call('successors', 'get', () => successors.get(key), 'read'),
      set: (key, value, timeToLive) =>
        call(
          'successors',
          'set',
          async () => {
            await successors.set(key, value, timeToLive);
            onSuccessorStored(key, scheduler.now());
          },
          'write',
        ),
    },
    replay: {
      claim: (key, timeToLive) => call('replay', 'claim', () => replay.claim(key, timeToLive), 'write'),
      has: (key) => call('replay', 'has', () => replay.has(key), 'read'),
      release: (key) => call('replay', 'release', () => replay.release(key), 'write'),
    },
    lock: {
      async acquire(key, options) {
        const { process } = scheduler.getContext();
        const acquire = async () => {
          const isAcquired = await lock.acquire(key, options);
          // A process that has crashed no longer waits for a lock.
          if (process?.isAlive === false) await lock.release(key, options.owner);
          return isAcquired;
        };
        return call('lock', 'acquire', acquire, 'write');
      },
      renew: (key, options) => call('lock', 'renew', () => lock.renew(key, options), 'write'),
      release: (key, owner) => call('lock', 'release', () => lock.release(key, owner), 'write'),
    },
  };
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'object' && value !== null && 'version' in value) return `version ${value.version}`;
  return typeof value === 'string' ? 'a value' : String(value);
}
