import { leaksOf, onStage, type Report, receive, type Stage, type User } from '../run.ts';

const usersOfKind = 8;
const rounds = 3;

/** Sessions are changed with the cookie of before a refresh, and the browser keeps that answer. */
export function lateChanges(seed: number): Promise<Report> {
  return onStage({ seed, workers: 3 }, async (stage) => {
    const { provider, advance, logIn } = stage;
    const broken: string[] = [];
    let leaks = 0;
    const users: User[] = [];
    for (const kind of ['cookie', 'stored'] as const)
      for (let i = 0; i < usersOfKind; i++) users.push(await logIn(`${kind}-changes-${i}`, kind));
    const before = provider.requests;

    for (let round = 0; round < rounds; round++) {
      await advance(61_000);
      await Promise.all(
        users.map(async (user) => {
          const outcomes = await changeLate(stage, user, { [`round-${round}`]: user.name });
          leaks += leaksOf(user, outcomes);
          for (const { error } of outcomes) if (error) broken.push(`${user.kind}: ${error}`);
        }),
      );
      await forgetRefreshes(stage);
    }

    await advance(61_000);
    let lost = 0;
    for (const user of users) {
      const [outcome] = await stage.random.pick(stage.workers).requests(user.kind, user.cookie);
      if (!outcome) continue;
      leaks += leaksOf(user, [outcome]);
      if (outcome.token === undefined) lost++;
      const kept = Object.values(outcome.data ?? {}).filter((name) => name === user.name).length;
      if (kept !== rounds)
        broken.push(`${user.kind}: ${kept} of ${rounds} changes are left (${outcome.error})`);
    }
    const tokenRequests = provider.requests - before;
    const expected = users.length * (rounds + 1);
    if (tokenRequests !== expected) broken.push(`${tokenRequests} token requests instead of ${expected}`);
    if (lost > 0) broken.push(`${lost} sessions lost`);
    return {
      tried: `${users.length} users, cookie and stored, change their session with the cookie of before a refresh, ${rounds} times, in 3 processes; that answer arrives last`,
      tokenRequests,
      sessionsLost: lost,
      leaks,
      broken: [...new Set(broken)],
    };
  });
}

/** One request refreshes; another, with the same cookie, changes the session, and is answered after it. */
async function changeLate({ workers, random }: Stage, user: User, data: Record<string, string>) {
  const { kind, cookie } = user;
  const [refreshed] = await random.pick(workers).requests(kind, cookie);
  const changed = await random.pick(workers).change(kind, cookie, data);
  const outcomes = [refreshed, changed].filter((outcome) => outcome !== undefined);
  for (const outcome of outcomes) receive(user, outcome);
  return outcomes;
}

/** As after `successorLife`: whoever brings a refresh token that was spent is signed out. */
async function forgetRefreshes({ redis }: Stage): Promise<void> {
  const client = await redis.connect();
  const keys = await client.keys('*:successor:*');
  if (keys.length === 0) throw new Error('Redis remembers no refresh.');
  await client.del(keys);
}
