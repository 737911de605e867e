import { explainLoss, type RedisWatch } from '../event-log.ts';
import { visitPage } from '../pages.ts';
import { count, countLeaks, pause, type Report, runOnStage, type User } from '../run.ts';

/** A killed Redis cannot be observed: every write counts as received. */
const unwatched: RedisWatch = { hasReceived: () => Promise.resolve(true) };

/** A page is served, unavailable, or redirects to the login. */
const expectedStatuses = [200, 303, 503];

/** Kills and restarts Redis while users visit pages, while clocks jump and the provider rotates its signing keys. */
export function redisUnavailable(seed: number): Promise<Report> {
  return runOnStage({ seed, workers: 3 }, async (stage) => {
    const { provider, redis, workers, random, advance, logIn } = stage;
    const users: User[] = [];
    for (let i = 0; i < 40; i++) users.push(await logIn(`user-${i}`, i % 2 === 0 ? 'cookie' : 'stored'));
    const violations: string[] = [];
    /** Hashes of the access tokens that users received. */
    const delivered = new Set<string>();
    let leaks = 0;
    let served = 0;
    let unavailable = 0;
    /** True after Redis was killed, until it is started again. */
    let isUnavailable = false;
    /** Users that a page has redirected to the login while Redis was unavailable, and whether the login began. */
    const sentToLogin = new Map<string, boolean>();
    const visit = async (user: User) => {
      const page = await visitPage(random.pick(workers), user, provider);
      leaks += countLeaks(user, [page]);
      if (!expectedStatuses.includes(page.status)) violations.push(`a page responded with ${page.status}`);
      if (page.token !== undefined) delivered.add(page.token);
      return page;
    };
    let stop = false;
    const load = Promise.all(
      users.map(async (user) => {
        while (!stop) {
          const { status, hasStartedLogin } = await visit(user);
          if (isUnavailable && status === 303)
            sentToLogin.set(user.name, hasStartedLogin || sentToLogin.get(user.name) === true);
          if (status === 200) served++;
          if (status === 503) unavailable++;
          await pause(40 + random.below(80));
        }
      }),
    );
    provider.fault = () => [{ kind: 'delay', milliseconds: random.below(120), when: 'after' }];
    for (let round = 0; round < 2; round++) {
      await pause(500);
      await advance(61_000);
      // Redis is killed during the refreshes.
      await pause(random.below(150));
      isUnavailable = true;
      await redis.kill();
      await pause(600 + random.below(600));
      await advance(61_000);
      await redis.start();
      isUnavailable = false;
      await pause(1_500);
    }
    await provider.rotateKeys();
    await advance(61_000);
    await pause(1_500);
    await advance(7_200_000);
    await pause(2_000);
    await advance(-7_200_000);
    await pause(2_000);
    stop = true;
    await load;
    await pause(2_500);
    const lost: Awaited<ReturnType<typeof explainLoss>>[] = [];
    for (const user of users) {
      const { status } = await visit(user);
      if (status === 200) continue;
      const why = await explainLoss(user.name, { ...stage, redis: unwatched, delivered });
      lost.push(why);
      if (why.proven) sentToLogin.delete(user.name);
      // A process that was not scheduled within its timeout has lost the response, independently of Redis.
      if (!why.proven) violations.push(`${user.kind}, ${status}: ${why.reason}`);
    }
    for (const name of sentToLogin.keys())
      violations.push(`${name} was redirected to the login while Redis was unavailable`);
    if (unavailable === 0) violations.push('no page was requested while Redis was unavailable');
    const working = users.length - lost.length;
    const begunLogins = [...sentToLogin.values()].filter(Boolean).length;
    return {
      summary: `Redis killed and restarted twice under load (${served} pages served, ${unavailable} responses with 503, ${begunLogins} logins begun during the outages, the page works for ${working} of ${users.length} users without a login), clocks jumped two hours and back, signing keys rotated`,
      tokenRequests: provider.requests,
      sessionsLost: lost.length,
      explained: count(lost, ({ reason, proven }) => (proven ? reason : undefined)),
      leaks,
      violations: [...new Set(violations)],
    };
  });
}
