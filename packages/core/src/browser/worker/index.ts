export type { FromWorker, ToWorker } from './messages.ts';
export { runTokenWorker, type WorkerScope } from './run-token-worker.ts';
export { createWorkerFetch, type TokenWorker } from './worker-fetch.ts';
