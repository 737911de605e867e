import { vi } from 'vitest';
import { createRandom } from './random.ts';

/**
 * Chooses the order of all asynchronous operations of the code under test: responses, storage, messages, locks, proofs. Each
 * of them is a step. The scheduler runs one pending step, then the code until it waits again. The seed determines the
 * order.
 */
export interface Scheduler {
  /** Waits until the step is chosen, then runs the effect. */
  step<T>(name: string, effect: () => T): Promise<Awaited<T>>;
  /**
   * Runs all steps. Timers advance only when no step is pending.
   *
   * @param check called after each step
   * @param isDone returns true when the code under test has finished: timers then no longer advance
   */
  run(check: () => void, isDone: () => boolean): Promise<void>;
  /** The names of the steps in the order of their execution. */
  readonly trace: readonly string[];
  readonly random: () => number;
}

/** Maximum count of timers in one run. A higher count means that the code under test waits forever. */
const maxTimers = 400;

/** @param options.isOrdered runs the steps in the order in which they began, instead of the order of the seed */
export function createScheduler(
  seed: number,
  { isOrdered = false }: { readonly isOrdered?: boolean } = {},
): Scheduler {
  const random = createRandom(seed).next;
  const waiting: { readonly name: string; readonly run: () => void }[] = [];
  const trace: string[] = [];
  const crypto = serializeCrypto(random);

  /** Waits until the code under test waits for a step. Its cryptography is real. */
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
        const index = isOrdered ? 0 : Math.floor(random() * waiting.length);
        const [chosen] = waiting.splice(index, 1);
        if (chosen) {
          trace.push(chosen.name);
          chosen.run();
        } else if (isDone() || vi.getTimerCount() === 0 || ++timers > maxTimers) return;
        else vi.advanceTimersToNextTimer();
      }
    },
  };
}

/** Runs cryptographic operations serially, in the order of their calls, with random values of the seed. */
function serializeCrypto(random: () => number): { isRunning(): boolean } {
  const { subtle } = realCrypto;
  let running = 0;
  let last: Promise<unknown> = Promise.resolve();
  const serialSubtle = new Proxy(subtle, {
    get:
      (_, name: keyof SubtleCrypto) =>
      (...args: unknown[]) => {
        running++;
        const run = () => (subtle[name] as (...args: unknown[]) => Promise<unknown>).apply(subtle, args);
        const result = last.then(run).finally(() => void running--);
        last = result.catch(() => {});
        return result;
      },
  });
  const getRandomValues = (bytes: Uint8Array) => bytes.fill(0).map(() => Math.floor(random() * 256));
  vi.stubGlobal('crypto', { subtle: serialSubtle, getRandomValues });
  return { isRunning: () => running > 0 };
}

const realCrypto = globalThis.crypto;
