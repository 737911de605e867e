import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Measures the live memory after a garbage collection, in megabytes. */
export function measureLiveMemory(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed / 1e6;
}
