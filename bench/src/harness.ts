import type { RunOptions } from './benchmark.ts';
import { type Spread, spread } from './statistics.ts';

/** A candidate of a comparison. */
export interface Contender {
  readonly name: string;
  /** Repeats the work `times` times. */
  run(times: number): Promise<unknown> | unknown;
}

/** Microseconds per call: elapsed time, and CPU time of all threads. */
export interface Measured {
  readonly name: string;
  readonly time: Spread;
  readonly cpu: Spread;
}

export interface MeasureOptions extends RunOptions {
  /** Count of rounds. Each contender has one slot in a round. Default: 15. */
  readonly rounds?: number;
  /** Duration of a slot in milliseconds. Default: 100. */
  readonly slot?: number;
}

/**
 * Measures the contenders alternately, in a different order in each round, so that load on the machine affects all of
 * them.
 */
export async function measure(
  contenders: readonly Contender[],
  options: MeasureOptions,
): Promise<Measured[]> {
  const rounds = options.smoke ? 2 : (options.rounds ?? 15);
  const slot = options.smoke ? 5 : (options.slot ?? 100);
  const lanes = contenders.map((contender) => ({
    contender,
    times: 1,
    time: [] as number[],
    cpu: [] as number[],
  }));
  for (const lane of lanes) lane.times = await calibrate(lane.contender, slot);
  for (let round = 0; round < rounds; round++) {
    options.progress(`round ${round + 1} of ${rounds}`);
    for (const lane of rotate(lanes, round)) {
      globalThis.gc?.();
      const { time, cpu } = await once(lane.contender, lane.times);
      lane.time.push(time);
      lane.cpu.push(cpu);
    }
  }
  return lanes.map(({ contender, time, cpu }) => ({
    name: contender.name,
    time: spread(time),
    cpu: spread(cpu),
  }));
}

/** Finds the count of calls that fill a slot, by doubling. This also warms up the contender. */
async function calibrate(contender: Contender, slot: number): Promise<number> {
  let times = 1;
  while (true) {
    const { time } = await once(contender, times);
    if (time * times >= slot * 500) {
      const count = Math.max(1, Math.round((slot * 1000) / time));
      await once(contender, count);
      return count;
    }
    times *= 2;
  }
}

async function once(contender: Contender, times: number): Promise<{ time: number; cpu: number }> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await contender.run(times);
  const time = ((performance.now() - startedAt) * 1000) / times;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { time, cpu: (user + system) / times };
}

/** Rotates the list by the round, and reverses it in every second round. */
export function rotate<T>(list: readonly T[], round: number): readonly T[] {
  const at = round % list.length;
  const rotated = [...list.slice(at), ...list.slice(0, at)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}

/** Repeats the work in sequence. */
export const sequential =
  (work: (index: number) => unknown) =>
  async (times: number): Promise<void> => {
    for (let index = 0; index < times; index++) await work(index);
  };

/** Repeats the work with `width` parallel calls. */
export const concurrent =
  (width: number, work: (index: number) => unknown) =>
  async (times: number): Promise<void> => {
    let next = 0;
    const worker = async () => {
      while (next < times) await work(next++);
    };
    await Promise.all(Array.from({ length: Math.min(width, times) }, worker));
  };
