import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Megabytes of live objects, after a collection. */
export function liveMemory(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed / 1e6;
}
