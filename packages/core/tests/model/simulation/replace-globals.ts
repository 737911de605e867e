import type { ModelProcess, Scheduler } from './scheduler.ts';
import { createSynchronousCrypto, replaceNodeVerification } from './synchronous-crypto.ts';

/** Milliseconds since the epoch at which each run starts. */
const startTime = Date.UTC(2026, 0, 1);

let scheduler: Scheduler;

/** Returns the wall clock of the process that runs, in milliseconds since the epoch. */
export const readWallClock = (): number =>
  startTime + scheduler.now() + (scheduler.getContext().process?.clockOffset ?? 0);

export const getCurrentProcess = (): ModelProcess | undefined => scheduler?.getContext().process;

/** Timers, clocks and random values of the code under test follow this scheduler until the next call. */
export function useScheduler(next: Scheduler): void {
  scheduler = next;
}

/** Replaces timers, clocks, random values and Web Crypto of this Node process. Call it once. */
export function replaceGlobals(): void {
  const setTimer =
    (isRepeated: boolean) =>
    (callback: (...args: unknown[]) => void, delay = 0, ...args: unknown[]) => {
      const timer = scheduler.setTimer(() => callback(...args), delay, isRepeated);
      return { timer, unref: () => {} };
    };
  const clearTimer = (handle?: { readonly timer: Parameters<Scheduler['clearTimer']>[0] }) => {
    if (handle) scheduler.clearTimer(handle.timer);
  };
  const replacements = {
    setTimeout: setTimer(false),
    setInterval: setTimer(true),
    clearTimeout: clearTimer,
    clearInterval: clearTimer,
    crypto: createSynchronousCrypto(() => scheduler.random.next()),
  };
  for (const [name, value] of Object.entries(replacements))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  Object.defineProperty(performance, 'now', { value: () => scheduler.now(), configurable: true });
  // The package prints notices for the operators of an application.
  console.warn = () => {};
  Date.now = readWallClock;
  replaceNodeVerification();
  AbortSignal.timeout = (delay) => {
    const control = new AbortController();
    setTimeout(() => control.abort(), delay);
    return control.signal;
  };
  Math.random = () => scheduler.random.next();
}
