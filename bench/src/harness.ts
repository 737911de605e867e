import type { RunOptions } from './benchmark.ts';
import { type Spread, spread } from './statistics.ts';

/** One of those that are compared. */
export interface Contender {
  readonly name: string;
  /** Does the work `times` times. */
  run(times: number): Promise<unknown> | unknown;
}

/** Microseconds per call: as the clock saw it, and all threads' CPU together. */
export interface Measured {
  readonly name: string;
  readonly time: Spread;
  readonly cpu: Spread;
}

export interface MeasureOptions extends RunOptions {
  /** Rounds in which everybody has one turn. Default: 15. */
  readonly rounds?: number;
  /** Milliseconds of one turn. Default: 100. */
  readonly turn?: number;
}

/**
 * Measures the contenders in turns, each round in another order, so that a busy moment of the machine falls on all of
 * them and not on one.
 */
export async function measure(
  contenders: readonly Contender[],
  options: MeasureOptions,
): Promise<Measured[]> {
  const rounds = options.smoke ? 2 : (options.rounds ?? 15);
  const turn = options.smoke ? 5 : (options.turn ?? 100);
  const lanes = contenders.map((contender) => ({
    contender,
    times: 1,
    time: [] as number[],
    cpu: [] as number[],
  }));
  for (const lane of lanes) lane.times = await calibrate(lane.contender, turn);
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

/** How many calls fill a turn; found by doubling, which warms up at the same time. */
async function calibrate(contender: Contender, turn: number): Promise<number> {
  let times = 1;
  while (true) {
    const { time } = await once(contender, times);
    if (time * times >= turn * 500) {
      const wanted = Math.max(1, Math.round((turn * 1000) / time));
      await once(contender, wanted);
      return wanted;
    }
    times *= 2;
  }
}

async function once(contender: Contender, times: number): Promise<{ time: number; cpu: number }> {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  await contender.run(times);
  const time = ((performance.now() - before) * 1000) / times;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { time, cpu: (user + system) / times };
}

/** The list from another place on each round, and backwards every second time. */
export function rotate<T>(list: readonly T[], round: number): readonly T[] {
  const at = round % list.length;
  const rotated = [...list.slice(at), ...list.slice(0, at)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}

/** One after the other. */
export const sequential =
  (work: (index: number) => unknown) =>
  async (times: number): Promise<void> => {
    for (let index = 0; index < times; index++) await work(index);
  };

/** Always as many as `width` at the same time. */
export const concurrent =
  (width: number, work: (index: number) => unknown) =>
  async (times: number): Promise<void> => {
    let next = 0;
    const worker = async () => {
      while (next < times) await work(next++);
    };
    await Promise.all(Array.from({ length: Math.min(width, times) }, worker));
  };
