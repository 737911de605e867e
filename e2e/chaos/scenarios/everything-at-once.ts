import type { Outcome } from '../application.ts';
import { explainLoss, watchRedis } from '../event-log.ts';
import type { Fault } from '../provider.ts';
import {
  count,
  countLeaks,
  pause,
  type Report,
  runOnStage,
  type Stage,
  storeCookies,
  type User,
} from '../run.ts';
import { DeadWorker } from '../workers.ts';

const users = 200;
const rotations = 5;
/** Attempts of one request. A user reloads a page that fails. */
const maxTries = 15;

/** Many users, several rotations, all faults at once, and processes that are killed at random moments. */
export function everythingAtOnce(seed: number): Promise<Report> {
  return runOnStage({ seed, workers: 4 }, async (stage) => {
    const { provider, random, advance } = stage;
    const all: User[] = [];
    for (let i = 0; i < users; i += 10)
      all.push(
        ...(await Promise.all(
          Array.from({ length: 10 }, (_, j) =>
            stage.logIn(`user-${i + j}`, (i + j) % 2 === 0 ? 'cookie' : 'stored'),
          ),
        )),
      );
    const redis = await watchRedis(stage.redis);
    const lost = new Map<User, Awaited<ReturnType<typeof explainLoss>>>();
    const stopReplacing = replaceDeadWorkers(stage);
    const run: Run = { leaks: 0, requests: 0, errors: [], delivered: new Set() };

    for (let round = 0; round < rotations; round++) {
      await advance(61_000);
      provider.fault = () => chooseFaults(random);
      const signedIn = all.filter((user) => !lost.has(user));
      await Promise.all([
        killSome(stage, round),
        ...signedIn.map((user) => sendPageRequests(stage, user, run)),
      ]);
      // Without faults: count the users that are still signed in.
      provider.fault = () => [];
      await Promise.all(
        all
          .filter((user) => !lost.has(user))
          .map(async (user) => {
            const outcome = await retryUntilResponse(stage, user, run);
            if (outcome?.token === undefined)
              lost.set(user, await explainLoss(user.name, { ...stage, redis, delivered: run.delivered }));
          }),
      );
    }
    await stopReplacing();
    const reasons = [...lost.values()];
    const { dead, crashed, storeOutages } = stage.eventLog;
    return {
      summary: `${users} users, ${rotations} rotations, ${run.requests} requests in 4 processes; delays, lost responses, 5xx, 429, timeouts, ${dead.size} processes killed, some of them between the provider's response and its write`,
      tokenRequests: provider.requests,
      sessionsLost: lost.size,
      explained: count(reasons, ({ reason, proven }) => (proven ? reason : undefined)),
      leaks: run.leaks,
      violations: [
        ...reasons.flatMap(({ reason, proven }) => (proven ? [] : [reason])),
        ...(storeOutages.length > 0 ? [`Redis was considered unavailable ${storeOutages.length} times`] : []),
        ...crashed.map((worker) => `${worker}exited without being killed`),
        ...(run.errors.includes('unexpected') ? ['an unexpected error'] : []),
      ],
    };
  });
}

function chooseFaults(random: Stage['random']): Fault[] {
  const delays: Fault[] = random.chance(0.5)
    ? [
        { kind: 'delay', milliseconds: random.below(80), when: 'before' },
        { kind: 'delay', milliseconds: random.below(80), when: 'after' },
      ]
    : [];
  const dice = random.next();
  if (dice < 0.05) return [{ kind: 'respond', status: 503 }];
  if (dice < 0.08) return [{ kind: 'respond', status: 429, retryAfter: random.below(2) }];
  if (dice < 0.12) return [{ kind: 'drop' }];
  if (dice < 0.13) return [{ kind: 'delay', milliseconds: 5_000, when: random.pick(['before', 'after']) }];
  if (dice < 0.14) return [...delays, { kind: 'lose' }];
  return delays;
}

/** The moments of a refresh response at which a process is killed. */
const killMoments = ['received', 'accepted', 'writing', 'written'] as const;

/** Kills one process at a random moment, and one between the responses of the provider and to the user. */
async function killSome({ random, workers }: Stage, round: number): Promise<void> {
  const first = random.below(workers.length);
  const second = workers[(first + 1) % workers.length];
  const moment = killMoments[round % killMoments.length] ?? 'accepted';
  await second?.send({ what: 'kill-at', moment }).catch(() => {});
  await pause(200 + random.below(1_200));
  await workers[first]?.kill();
}

/** Replaces processes that have died. Returns a function that stops this. */
function replaceDeadWorkers({ workers, replace }: Stage): () => Promise<void> {
  let over = false;
  const replacing = new Set<Promise<void>>();
  const watch = (index: number) => {
    void workers[index]?.ended.then(() => {
      if (over) return;
      const fresh = replace(index);
      replacing.add(fresh);
      void fresh.then(() => watch(index));
    });
  };
  for (const index of workers.keys()) watch(index);
  return async () => {
    over = true;
    await Promise.all(replacing);
  };
}

interface Run {
  leaks: number;
  requests: number;
  readonly errors: string[];
  /** Hashes of the access tokens that users received. */
  readonly delivered: Set<string>;
}

/** Sends one to three requests in parallel, as a page does, and repeats those that failed. */
async function sendPageRequests(stage: Stage, user: User, run: Run): Promise<void> {
  const { random } = stage;
  const at = random.below(1_500);
  const requests = 1 + random.below(3);
  await pause(at);
  await Promise.all(Array.from({ length: requests }, () => retryUntilResponse(stage, user, run)));
}

async function retryUntilResponse(stage: Stage, user: User, run: Run): Promise<Outcome | undefined> {
  let last: Outcome | undefined;
  for (let tries = 0; tries < maxTries; tries++) {
    run.requests++;
    try {
      [last] = await stage.random.pick(stage.workers).requests(user.kind, user.cookie);
    } catch (error) {
      if (!(error instanceof DeadWorker)) throw error;
      last = undefined;
    }
    if (last) {
      run.leaks += countLeaks(user, [last]);
      storeCookies(user, last);
      if (last.error !== undefined) run.errors.push(last.error);
      if (last.token !== undefined) run.delivered.add(last.token);
      if (last.token !== undefined || last.error === 'no_session' || last.error === 'session_ended')
        return last;
    }
    await pause(200 + stage.random.below(300));
  }
  return last;
}
