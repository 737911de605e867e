import { runTokenWorker } from '../../src/browser/worker/run-token-worker.ts';

runTokenWorker();
