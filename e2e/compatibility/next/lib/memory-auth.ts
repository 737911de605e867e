import { createMemorySessionStore } from '@countersign/core/session';
import { createAuth } from '@countersign/next';
import { options } from './auth';

// Next loads this module several times in one process. All copies share one store.

/** Counts the copies of this module in the process. */
const counter = globalThis as { memoryAuthCopies?: number };
counter.memoryAuthCopies = (counter.memoryAuthCopies ?? 0) + 1;
export const countCopies = () => counter.memoryAuthCopies;

export const memoryAuth = createAuth({
  ...options,
  routes: '/memory/auth',
  cookie: { name: 'memory' },
  store: createMemorySessionStore(),
});
