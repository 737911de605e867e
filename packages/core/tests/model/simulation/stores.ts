import type { SessionStore } from '../../../src/session/backends/stores/session-store.ts';
import type { TombstoneStore } from '../../../src/session/backends/stores/tombstone-store.ts';
import type { RefreshLock } from '../../../src/tokens/stores/refresh-lock.ts';
import type { ReplayStore } from '../../../src/tokens/stores/replay-store.ts';
import type { SuccessorStore } from '../../../src/tokens/stores/successor-store.ts';

/** The stores of an application. */
export interface Stores {
  readonly session: SessionStore;
  readonly tombstones: TombstoneStore;
  readonly successors: SuccessorStore;
  readonly replay: Required<ReplayStore>;
  readonly lock: Required<RefreshLock>;
}
