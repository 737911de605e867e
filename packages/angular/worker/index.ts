export { runTokenWorker } from '@countersign/core/worker';
export { withWorker } from './with-worker.ts';
