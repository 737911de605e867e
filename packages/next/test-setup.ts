import { AsyncLocalStorage } from 'node:async_hooks';

// Next's server puts it there before anything of Next is loaded.
Object.assign(globalThis, { AsyncLocalStorage });
