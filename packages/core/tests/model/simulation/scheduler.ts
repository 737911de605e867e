import { AsyncLocalStorage } from 'node:async_hooks';
import type { Random } from '../../support/random.ts';

/** A simulated process. Its steps and timers end with it. */
export interface ModelProcess {
  readonly name: string;
  isAlive: boolean;
  /** True while no code of the process runs. The requests that it has sent arrive, and their responses wait. */
  isSuspended?: boolean;
  /** Milliseconds by which the wall clock of the process differs. */
  clockOffset: number;
}

/** The code that runs: a process that handles an action. Without a process: a browser, the provider or a store. */
export interface Context {
  readonly process?: ModelProcess;
  readonly action: string;
}

interface Step {
  readonly name: string;
  readonly context: Context;
  readonly run: () => void;
  readonly since: number;
}

interface Timer {
  readonly context: Context;
  readonly callback: () => void;
  /** Milliseconds; `undefined` for a timer that fires once. */
  readonly interval: number | undefined;
  due: number;
}

/** One executed step. */
export interface TraceEntry {
  /** Milliseconds since the start. */
  readonly at: number;
  readonly process: string;
  readonly action: string;
  name: string;
}

/** How the next step is chosen: each with the same probability, or by a priority of each action. */
export type Strategy = 'uniform' | 'priorities' | 'in-order';

/** Milliseconds after which a step is executed before all others. Slower operations are faults, not interleavings. */
const maxWait = 2_000;
/** The maximum count of timers that fire in one run. With more, the run never completes. */
const maxTimers = 3_000;

/** Thrown by {@link Scheduler.run} if work remains that never completes. */
export class EndlessRunError extends Error {}

/**
 * Decides which pending operation completes next. One random generator makes all decisions, so a seed repeats a run.
 * Time is virtual: it advances with each step, and to the next timer if no step is pending.
 */
export interface Scheduler {
  readonly random: Random;
  readonly trace: TraceEntry[];
  strategy: Strategy;
  /** Monotonic, in milliseconds since the start. */
  now(): number;
  /** Waits until the step is chosen, then runs the effect. It never resolves if the process has crashed. */
  step<T>(name: string, effect: () => T): Promise<Awaited<T>>;
  /** Adds a remark to the trace. */
  note(text: string): void;
  runIn<T>(context: Context, run: () => T): T;
  getContext(): Context;
  setTimer(callback: () => void, delay: number, isRepeated: boolean): Timer;
  clearTimer(timer: Timer): void;
  /** Ends a process: its timers and pending steps are dropped, except for requests that it has sent already. */
  crash(process: ModelProcess): void;
  /**
   * Executes steps and timers until `isDone`, or until nothing is left.
   *
   * @param afterStep called after each step
   */
  run(options: { readonly isDone: () => boolean; readonly afterStep: () => void }): Promise<void>;
}

/** All code under test runs in microtasks: a turn of the event loop ends them. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

const idleContext: Context = { action: '' };

/** All runs share one storage, because each further storage makes each change of the context slower. */
const contexts = new AsyncLocalStorage<Context>();

export function createScheduler(random: Random): Scheduler {
  const timers = new Set<Timer>();
  const priorities = new Map<string, number>();
  const trace: TraceEntry[] = [];
  let steps: Step[] = [];
  let time = 0;

  const getContext = () => contexts.getStore() ?? idleContext;
  const isAlive = ({ process }: Context) => process?.isAlive !== false;
  const record = ({ process, action }: Context, name: string) =>
    trace.push({ at: time, process: process?.name ?? '', action, name });

  const isSuspended = ({ process }: Context) => process?.isSuspended === true;
  const isReady = ({ context, name }: Step) => !isSuspended(context) || name.endsWith('arrives');

  function choose(strategy: Strategy): Step | undefined {
    const isWaiting = steps.some(({ context }) => isSuspended(context));
    if (!isWaiting) return steps.splice(chooseIndex(steps, strategy), 1)[0];
    const readySteps = steps.filter(isReady);
    const step = readySteps[chooseIndex(readySteps, strategy)];
    steps = steps.filter((each) => each !== step);
    return step;
  }

  function chooseIndex(steps: readonly Step[], strategy: Strategy): number {
    const [oldest] = steps;
    if (!oldest || steps.length < 2 || strategy === 'in-order' || time - oldest.since > maxWait) return 0;
    // Some choices ignore the priorities, because a change of order can reveal a defect.
    if (strategy === 'uniform' || random.oneIn(8)) return random.below(steps.length);
    const getPriority = ({ context: { action } }: Step) => {
      const priority = priorities.get(action) ?? random.next();
      priorities.set(action, priority);
      return priority;
    };
    const rankedSteps = steps.map((step, index) => ({ index, priority: getPriority(step) }));
    return rankedSteps.reduce((best, each) => (each.priority > best.priority ? each : best)).index;
  }

  function findNextTimer(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (isSuspended(timer.context)) continue;
      if (!next || timer.due < next.due) next = timer;
    }
    return next;
  }

  function fire(timer: Timer): void {
    time = Math.max(time, timer.due);
    if (timer.interval === undefined) timers.delete(timer);
    else timer.due += timer.interval;
    record(timer.context, 'timer');
    contexts.run(timer.context, timer.callback);
  }

  return {
    random,
    trace,
    strategy: 'in-order',
    now: () => time,
    step(name, effect) {
      const context = getContext();
      return new Promise((resolve, reject) => {
        if (!isAlive(context)) return;
        const run = () => {
          try {
            resolve(effect() as never);
          } catch (error) {
            reject(error);
          }
        };
        steps.push({ name, context, run, since: time });
      });
    },
    note(text) {
      const last = trace.at(-1);
      if (last) last.name += ` ${text}`;
    },
    runIn: (context, run) => contexts.run(context, run),
    getContext,
    setTimer(callback, delay, isRepeated) {
      const context = getContext();
      const wait = Math.max(delay, 1);
      const timer = { context, callback, interval: isRepeated ? wait : undefined, due: time + wait };
      if (isAlive(context)) timers.add(timer);
      return timer;
    },
    clearTimer: (timer) => void timers.delete(timer),
    crash(process) {
      process.isAlive = false;
      for (const timer of timers) if (timer.context.process === process) timers.delete(timer);
      // A request that the process has sent may arrive. No code receives its response.
      steps = steps.filter(
        ({ context, name }) => context.process !== process || (name.endsWith('arrives') && random.oneIn(2)),
      );
    },
    async run({ isDone, afterStep }) {
      const { length: start } = trace;
      for (let firings = 0; ; ) {
        await settle();
        if (trace.length > start) {
          afterStep();
          await settle();
        }
        const timer = findNextTimer();
        if (timer && timer.due <= time) fire(timer);
        else {
          const nextStep = choose(this.strategy);
          if (nextStep) {
            time += 1 + random.below(30);
            record(nextStep.context, nextStep.name);
            contexts.run(nextStep.context, nextStep.run);
            continue;
          }
          if (isDone() || !timer) return;
          fire(timer);
        }
        if (++firings > maxTimers) throw new EndlessRunError();
      }
    },
  };
}
