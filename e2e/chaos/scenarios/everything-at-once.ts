import type { Outcome } from '../application.ts';
import type { Fault } from '../provider.ts';
import { count, leaksOf, onStage, pause, type Report, receive, type Stage, type User } from '../run.ts';
import { DeadWorker } from '../workers.ts';

const users = 200;
const rotations = 5;
/** Tries of one request, as a user who loads the page again. */
const maxTries = 15;

/** Many users, several rotations, every fault at once, and processes that are killed at any moment. */
export function everythingAtOnce(seed: number): Promise<Report> {
  return onStage({ seed, workers: 4 }, async (stage) => {
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
    const killed = new Set<string>();
    const lost = new Map<User, string>();
    const run: Run = { leaks: 0, requests: 0, errors: [], delivered: new Set() };

    for (let round = 0; round < rotations; round++) {
      await advance(61_000);
      provider.fault = () => chooseFaults(random);
      const signedIn = all.filter((user) => !lost.has(user));
      await Promise.all([
        killSome(stage, killed),
        ...signedIn.map((user) => useTheApplication(stage, user, run)),
      ]);
      // Quiet: who is signed in now, and who is not?
      provider.fault = () => [];
      await Promise.all(
        all
          .filter((user) => !lost.has(user))
          .map(async (user) => {
            const outcome = await tryUntilAnswered(stage, user, run);
            if (outcome?.token === undefined)
              lost.set(user, reasonOf(stage, user, { killed, delivered: run.delivered, outcome }));
          }),
      );
    }
    const reasons = [...lost.values()];
    const unexplained = reasons.filter((reason) => reason.startsWith('unexplained'));
    return {
      tried: `${users} users, ${rotations} rotations, ${run.requests} requests in 4 processes; delays, lost answers, 5xx, 429, time-outs, ${killed.size} processes killed`,
      tokenRequests: provider.requests,
      sessionsLost: lost.size,
      explained: count(reasons, (reason) => (reason.startsWith('unexplained') ? undefined : reason)),
      leaks: run.leaks,
      broken: [
        ...new Set(unexplained),
        ...(stage.witness.away.length > 0
          ? [`Redis was taken to be away ${stage.witness.away.length} times`]
          : []),
        ...(run.errors.includes('unexpected') ? ['an error that is not ours'] : []),
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
  if (dice < 0.05) return [{ kind: 'answer', status: 503 }];
  if (dice < 0.08) return [{ kind: 'answer', status: 429, retryAfter: random.below(2) }];
  if (dice < 0.12) return [{ kind: 'drop' }];
  if (dice < 0.13) return [{ kind: 'delay', milliseconds: 5_000, when: random.pick(['before', 'after']) }];
  if (dice < 0.14) return [...delays, { kind: 'lose' }];
  return delays;
}

/** One process at any moment, one right between the provider's answer and its own writing. */
async function killSome(stage: Stage, killed: Set<string>): Promise<void> {
  const { random, workers } = stage;
  const first = random.below(workers.length);
  const second = (first + 1) % workers.length;
  await workers[second]?.send({ what: 'die-at-next-answer' }).catch(() => {});
  await pause(200 + random.below(1_200));
  await workers[first]?.kill();
  for (let waited = 0; waited < 40; waited++) {
    for (const [index, worker] of workers.entries()) {
      if (!worker.dead) continue;
      killed.add(worker.name);
      await stage.replace(index);
    }
    await pause(50);
  }
}

interface Run {
  leaks: number;
  requests: number;
  readonly errors: string[];
  /** Access tokens that arrived at a user. */
  readonly delivered: Set<string>;
}

/** One to three requests at once, as a page makes them, and again those that failed. */
async function useTheApplication(stage: Stage, user: User, run: Run): Promise<void> {
  const { random } = stage;
  const at = random.below(1_500);
  const requests = 1 + random.below(3);
  await pause(at);
  await Promise.all(Array.from({ length: requests }, () => tryUntilAnswered(stage, user, run)));
}

async function tryUntilAnswered(stage: Stage, user: User, run: Run): Promise<Outcome | undefined> {
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
      run.leaks += leaksOf(user, [last]);
      receive(user, last);
      if (last.error !== undefined) run.errors.push(last.error);
      if (last.token !== undefined) run.delivered.add(last.token);
      if (last.token !== undefined || last.error === 'no_session' || last.error === 'session_ended')
        return last;
    }
    await pause(200 + stage.random.below(300));
  }
  return last;
}

/**
 * Whose fault it was. The provider ends a grant when a token comes that it has spent: what became of the answer to the
 * request that spent it? One that reached a process that lives, or its user, must never be the last.
 */
function reasonOf(
  { provider, witness }: Stage,
  user: User,
  known: {
    readonly killed: ReadonlySet<string>;
    readonly delivered: ReadonlySet<string>;
    readonly outcome: Outcome | undefined;
  },
): string {
  const theirs = provider.refreshes.filter((refresh) => refresh.user === user.name && refresh.ok);
  const spent = theirs.at(-1);
  const arrived = spent?.token !== undefined && known.delivered.has(spent.token);
  if (spent && !arrived) {
    if (known.killed.has(spent.worker)) return 'answer lost with its process';
    if (spent.token === undefined || !witness.received.has(spent.token)) return 'answer lost on its way';
  }
  const history = theirs.slice(-3).map(({ worker, lost }) => `${worker}${lost ? ' lost' : ''}`);
  return `unexplained: ${user.name}, ${user.kind}, ${known.outcome?.error ?? 'no answer'}, after ${history.join(', ')}${arrived ? ', delivered' : ''}`;
}
