import { runTokenWorker } from '@countersign/angular/worker';

// The only place where refresh tokens are, with the setting `worker`.
runTokenWorker();
