import { createMemoryStorage, type TokenStorage } from '../../../../src/browser/state/token-storage.ts';
import type { TokenSet } from '../../../../src/tokens/token-set.ts';
import type { Faults } from '../../faults/faults.ts';
import type { Scheduler } from '../../simulation/scheduler.ts';

interface SharedStorageOptions {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly onFault: () => void;
  /** False: the defect that another tab can write between the read and the write of `update`. */
  readonly isAtomic: boolean;
}

/** A storage of all tabs, as IndexedDB: each operation is one transaction, whose result arrives later. */
export function createSharedStorage({
  scheduler,
  faults,
  onFault,
  isAtomic,
}: SharedStorageOptions): TokenStorage {
  const stored = createMemoryStorage();
  const copy = (tokens: TokenSet | undefined) => tokens && structuredClone(tokens);
  const read = (key: string) => copy(stored.get(key) as TokenSet | undefined);

  async function run<T>(name: string, kind: 'failed-read' | 'failed-write', effect: () => T): Promise<T> {
    if (faults.take(kind)) {
      onFault();
      await scheduler.step(`${name} fails`, () => {});
      throw new Error('the transaction was aborted');
    }
    const result = await scheduler.step(name, effect);
    await scheduler.step(`${name}: done`, () => {});
    return result as T;
  }

  return {
    reach: 'shared',
    get: (key) => run('tokens are read', 'failed-read', () => read(key)),
    set: (key, tokens) => run('tokens are written', 'failed-write', () => void stored.set(key, tokens)),
    remove: (key) => run('tokens are removed', 'failed-write', () => void stored.remove(key)),
    update(key, change) {
      const write = (next: TokenSet | undefined) => void stored.update?.(key, () => copy(next));
      if (isAtomic) return run('tokens are replaced', 'failed-write', () => write(change(read(key))));
      return run('tokens are read', 'failed-read', () => read(key)).then((tokens) =>
        run('tokens are written', 'failed-write', () => write(change(tokens))),
      );
    },
  };
}
