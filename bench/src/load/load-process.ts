import { rotate } from '../harness.ts';
import { quantile } from '../statistics.ts';
import { openLane } from './lane.ts';
import type { Load, LoadResult } from './load.ts';

process.on('message', async (load: Load) => process.send?.(await run(load)));
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function run({ targets, connections, duration, slot, rate }: Load): Promise<LoadResult[]> {
  const lanes = await Promise.all(targets.map((target) => openLane(target, connections)));
  for (let number = 0; number < duration / slot; number++) {
    for (const lane of rotate(lanes, number)) await lane.run(slot, rate);
  }
  return lanes.map(({ close, latencies, failures, elapsed }) => {
    close();
    const sorted = latencies.sort((a, b) => a - b);
    return {
      requests: sorted.length,
      failures: failures(),
      elapsed: elapsed(),
      p99: quantile(sorted, 0.99),
    };
  });
}
