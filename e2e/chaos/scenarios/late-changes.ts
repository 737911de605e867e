import { countLeaks, type Report, runOnStage, type Stage, storeCookies, type User } from '../run.ts';

const usersOfKind = 8;
const rounds = 3;

/** Changes sessions with the cookie from before a refresh; the browser stores the response to the change last. */
export function lateChanges(seed: number): Promise<Report> {
  return runOnStage({ seed, workers: 3 }, async (stage) => {
    const { provider, advance, logIn } = stage;
    const violations: string[] = [];
    let leaks = 0;
    const users: User[] = [];
    for (const kind of ['cookie', 'stored'] as const)
      for (let i = 0; i < usersOfKind; i++) users.push(await logIn(`${kind}-changes-${i}`, kind));
    const requestsBefore = provider.requests;

    for (let round = 0; round < rounds; round++) {
      await advance(61_000);
      await Promise.all(
        users.map(async (user) => {
          const outcomes = await changeLate(stage, user, { [`round-${round}`]: user.name });
          leaks += countLeaks(user, outcomes);
          for (const { error } of outcomes) if (error) violations.push(`${user.kind}: ${error}`);
        }),
      );
      await expireSuccessors(stage);
    }

    await advance(61_000);
    let lost = 0;
    for (const user of users) {
      const [outcome] = await stage.random.pick(stage.workers).requests(user.kind, user.cookie);
      if (!outcome) continue;
      leaks += countLeaks(user, [outcome]);
      if (outcome.token === undefined) lost++;
      const storedCount = Object.values(outcome.data ?? {}).filter((name) => name === user.name).length;
      if (storedCount !== rounds)
        violations.push(`${user.kind}: ${storedCount} of ${rounds} changes are stored (${outcome.error})`);
    }
    const tokenRequests = provider.requests - requestsBefore;
    const expected = users.length * (rounds + 1);
    if (tokenRequests !== expected) violations.push(`${tokenRequests} token requests instead of ${expected}`);
    if (lost > 0) violations.push(`${lost} sessions lost`);
    return {
      summary: `${users.length} users, cookie and stored, change their session with the cookie from before a refresh, ${rounds} times, in 3 processes; this response arrives last`,
      tokenRequests,
      sessionsLost: lost,
      leaks,
      violations: [...new Set(violations)],
    };
  });
}

/** One request refreshes. Another, with the same cookie, changes the session, and its response arrives later. */
async function changeLate({ workers, random }: Stage, user: User, data: Record<string, string>) {
  const { kind, cookie } = user;
  const [refreshed] = await random.pick(workers).requests(kind, cookie);
  const changed = await random.pick(workers).change(kind, cookie, data);
  const outcomes = [refreshed, changed].filter((outcome) => outcome !== undefined);
  for (const outcome of outcomes) storeCookies(user, outcome);
  return outcomes;
}

/** Simulates the expiry of successors: a used refresh token then ends the session. */
async function expireSuccessors({ redis }: Stage): Promise<void> {
  const client = await redis.connect();
  const keys = await client.keys('*:successor:*');
  if (keys.length === 0) throw new Error('Redis contains no successor of a refresh.');
  await client.del(keys);
}
