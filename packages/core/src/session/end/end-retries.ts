/** Maximum count of existing sessions whose end is repeated. The oldest is evicted. */
const maxExistingSessions = 10_000;
/** Maximum count of keys that may belong to no session. At the limit, none is added, so that earlier logouts remain. */
const maxUnverifiedKeys = 1_000;
/** Milliseconds between attempts. */
const firstDelay = 200;
const lastDelay = 2_000;
/** Milliseconds after which an end is no longer repeated. */
const giveUpAfter = 600_000;
/** Ends that are repeated at the same time. */
const batchSize = 10;
/** Milliseconds for which one batch delays the others: a call of a store may never complete. */
const batchTimeout = 10_000;

/** The end of a session, to be repeated. */
interface EndTask {
  /** Rejects if the session could not be ended. */
  readonly end: () => Promise<void>;
  /** Milliseconds of `performance.now()`. */
  readonly giveUpAt: number;
  isRunning: boolean;
}

/** The ends of sessions that have failed, by the key of the session, in the order of the next attempt. */
export interface EndRetries {
  /** Ends of sessions that exist. */
  readonly existingSessions: Map<string, EndTask>;
  /**
   * Ends of keys whose session could not be read: while a store is unavailable, anyone can log out with invented keys.
   */
  readonly unverifiedKeys: Map<string, EndTask>;
  isRunning: boolean;
}

export const createEndRetries = (): EndRetries => ({
  existingSessions: new Map(),
  unverifiedKeys: new Map(),
  isRunning: false,
});

/** Repeats the end of a session in the background until it succeeds. One loop repeats all of them. */
export function repeatEnd(
  retries: EndRetries,
  key: string,
  { isKnown, end }: Pick<EndTask, 'end'> & { readonly isKnown: boolean },
): void {
  const { existingSessions, unverifiedKeys } = retries;
  if (
    !isKnown &&
    (existingSessions.has(key) || (unverifiedKeys.size >= maxUnverifiedKeys && !unverifiedKeys.has(key)))
  )
    return;
  const tasks = isKnown ? existingSessions : unverifiedKeys;
  if (isKnown) unverifiedKeys.delete(key);
  tasks.set(key, { end, giveUpAt: performance.now() + giveUpAfter, isRunning: false });
  if (existingSessions.size > maxExistingSessions)
    existingSessions.delete(existingSessions.keys().next().value as string);
  if (retries.isRunning) return;
  retries.isRunning = true;
  schedule(retries, firstDelay);
}

function schedule(retries: EndRetries, delay: number): void {
  setTimeout(() => void runRound(retries, delay), delay);
}

async function runRound(retries: EndRetries, delay: number): Promise<void> {
  const { existingSessions, unverifiedKeys } = retries;
  const results = await Promise.all([runTasks(existingSessions), runTasks(unverifiedKeys)]);
  retries.isRunning = existingSessions.size + unverifiedKeys.size > 0;
  if (retries.isRunning)
    schedule(retries, results.includes(true) ? firstDelay : Math.min(delay * 1.5, lastDelay));
}

/**
 * Repeats the ends in batches until all ends of a batch fail: the store is still unavailable.
 *
 * @returns true if one succeeded
 */
async function runTasks(tasks: Map<string, EndTask>): Promise<boolean> {
  const time = performance.now();
  for (const [key, { giveUpAt }] of tasks) if (giveUpAt <= time) tasks.delete(key);
  const due = [...tasks].filter(([, { isRunning }]) => !isRunning);
  let hasSucceeded = false;
  for (let at = 0; at < due.length; at += batchSize) {
    const batch = due.slice(at, at + batchSize).map(([key, task]) => runTask(tasks, key, task));
    if (!(await isAnyTrue(batch))) break;
    hasSucceeded = true;
  }
  return hasSucceeded;
}

async function runTask(tasks: Map<string, EndTask>, key: string, task: EndTask): Promise<boolean> {
  task.isRunning = true;
  const hasEnded = await task.end().then(
    () => true,
    () => false,
  );
  task.isRunning = false;
  // A later logout may have replaced the task.
  if (tasks.get(key) !== task) return hasEnded;
  tasks.delete(key);
  // The next attempt follows those of the others.
  if (!hasEnded) tasks.set(key, task);
  return hasEnded;
}

/** Returns false if the results do not arrive in time. */
async function isAnyTrue(results: readonly Promise<boolean>[]): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<readonly boolean[]>((resolve) => {
    timer = setTimeout(resolve, batchTimeout, []);
  });
  const all = await Promise.race([Promise.all(results), timeout]);
  clearTimeout(timer);
  return all.includes(true);
}
