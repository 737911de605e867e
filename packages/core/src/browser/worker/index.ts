export type { FromWorker, ToWorker, WorkerMetadata } from './messages.ts';
export { runTokenWorker, type WorkerScope } from './run-token-worker.ts';
export {
  createWorkerFetch,
  type TokenWorker,
  type WorkerFetchOptions,
  type WorkerFetchSettings,
} from './worker-fetch.ts';
