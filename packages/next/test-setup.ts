import { AsyncLocalStorage } from 'node:async_hooks';

// Next's server sets this global before it loads its modules.
Object.assign(globalThis, { AsyncLocalStorage });
