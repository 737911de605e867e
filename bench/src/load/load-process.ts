import { rotate } from '../harness.ts';
import { quantile } from '../statistics.ts';
import { openLane } from './lane.ts';

/** A server and its requests. */
export interface Target {
  readonly port: number;
  /** Complete HTTP/1.1 requests, sent in rotation. */
  readonly requests: readonly string[];
}

/** The targets, the duration and the rate of a load. */
export interface Load {
  readonly targets: readonly Target[];
  /** The count of connections to each target. */
  readonly connections: number;
  /** Duration for each target in milliseconds. */
  readonly duration: number;
  /**
   * Milliseconds until the load switches to the next target. With a short slot, load on the machine affects all targets
   * equally.
   */
  readonly slot: number;
  /** Requests per second. Default: as fast as the server responds. */
  readonly rate?: number;
}

/** The result of one target. */
export interface LoadResult {
  readonly requests: number;
  /** Count of responses with a status other than 200. */
  readonly failures: number;
  /** Actual duration in milliseconds. */
  readonly elapsed: number;
  /** 99th percentile of the latency in milliseconds. */
  readonly p99: number;
}

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
