import { runTokenWorker } from '@countersign/angular/worker';

// With the setting `worker`, refresh tokens are held only here.
runTokenWorker();
