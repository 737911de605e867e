import { vi } from 'vitest';
import { createRandom } from './random.ts';

/**
 * Decides the order of everything that code under test waits for: answers, storage, messages, locks, proofs. Each of
 * them is a step; at each moment one of the waiting steps is chosen, and the code runs until it waits again. The same
 * seed makes the same choices.
 */
export interface Scheduler {
  /** Waits for its turn, then runs the effect. */
  step<T>(name: string, effect: () => T): Promise<Awaited<T>>;
  /**
   * Runs steps until none is left. Timers pass only when nothing else can happen.
   *
   * @param check is called after each step
   * @param isDone whether everything under test has come to an end, so that no timer must pass
   */
  run(check: () => void, isDone: () => boolean): Promise<void>;
  /** The names of the steps that were run, in order. */
  readonly trace: readonly string[];
  readonly random: () => number;
}

/** Timers that pass in one run at most; more means that something waits without end. */
const maxTimers = 400;

export function createScheduler(seed: number): Scheduler {
  const random = createRandom(seed).next;
  const waiting: { readonly name: string; readonly run: () => void }[] = [];
  const trace: string[] = [];
  const crypto = serializeCrypto(random);

  /** Until the code under test waits for a step. Its own cryptography is real, and is waited for here. */
  async function settle(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (crypto.isRunning());
  }

  return {
    trace,
    random,
    step: (name, effect) =>
      new Promise((resolve, reject) => {
        const run = () => {
          try {
            resolve(effect() as never);
          } catch (error) {
            reject(error);
          }
        };
        waiting.push({ name, run });
      }),
    async run(check, isDone) {
      for (let timers = 0; ; ) {
        await settle();
        check();
        const [chosen] = waiting.splice(Math.floor(random() * waiting.length), 1);
        if (chosen) {
          trace.push(chosen.name);
          chosen.run();
        } else if (isDone() || vi.getTimerCount() === 0 || ++timers > maxTimers) return;
        else vi.advanceTimersToNextTimer();
      }
    },
  };
}

/** One operation after the other, in the order in which they were asked for, and random values from the seed. */
function serializeCrypto(random: () => number): { isRunning(): boolean } {
  const { subtle } = realCrypto;
  let running = 0;
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = new Proxy(subtle, {
    get:
      (_, name: keyof SubtleCrypto) =>
      (...given: unknown[]) => {
        running++;
        const run = () => (subtle[name] as (...given: unknown[]) => Promise<unknown>).apply(subtle, given);
        const result = last.then(run).finally(() => void running--);
        last = result.catch(() => {});
        return result;
      },
  });
  const getRandomValues = (bytes: Uint8Array) => bytes.fill(0).map(() => Math.floor(random() * 256));
  vi.stubGlobal('crypto', { subtle: inTurn, getRandomValues });
  return { isRunning: () => running > 0 };
}

const realCrypto = globalThis.crypto;
