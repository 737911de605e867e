import { rotate } from '../harness.ts';
import { quantile } from '../statistics.ts';
import { openLane } from './lane.ts';

/** A server and what it is asked. */
export interface Target {
  readonly port: number;
  /** Whole HTTP/1.1 requests, sent in turns. */
  readonly requests: readonly string[];
}

/** Whom to ask, for how long, and how fast. */
export interface Load {
  readonly targets: readonly Target[];
  /** To each target. */
  readonly connections: number;
  /** Milliseconds for each target. */
  readonly duration: number;
  /**
   * Milliseconds after which the next target has its turn: the shorter, the more surely a busy moment of the machine
   * falls on all of them.
   */
  readonly turn: number;
  /** Requests a second; as many as the server answers when it is left out. */
  readonly rate?: number;
}

/** What one target has answered. */
export interface LoadResult {
  readonly requests: number;
  /** Answers that were not 200. */
  readonly failures: number;
  /** Milliseconds that it really took. */
  readonly elapsed: number;
  /** Milliseconds within which 99 of 100 requests were answered. */
  readonly p99: number;
}

process.on('message', async (load: Load) => process.send?.(await run(load)));
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function run({ targets, connections, duration, turn, rate }: Load): Promise<LoadResult[]> {
  const lanes = await Promise.all(targets.map((target) => openLane(target, connections)));
  for (let number = 0; number < duration / turn; number++) {
    for (const lane of rotate(lanes, number)) await lane.run(turn, rate);
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
