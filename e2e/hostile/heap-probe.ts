import { writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Loaded before the server under test (`node --import`). On SIGUSR2 the process runs a garbage collection and writes the
// count of used bytes to the file HEAP_PROBE.
const file = process.env.HEAP_PROBE;
if (file !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('SIGUSR2', async () => {
    // Finalizers and timers of earlier collections run before the last one.
    for (let round = 0; round < 4; round++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    writeFileSync(file, JSON.stringify({ used: heapUsed + external + arrayBuffers }));
  });
}
