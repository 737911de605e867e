import { explainLoss, type RedisWatch } from '../event-log.ts';
import { visitPage } from '../pages.ts';
import { countLeaks, pause, type Report, runOnStage, type User } from '../run.ts';

/** A killed Redis cannot be observed: every write counts as received. */
const unwatched: RedisWatch = { hasReceived: () => Promise.resolve(true) };

/**
 * Timeout of a request to the provider, in milliseconds. The provider responds within 120 ms, so a process of a busy machine
 * loses no response. `everything-at-once` tests responses that arrive after the timeout.
 */
const timeout = 60_000;

/** Kills and restarts Redis while users visit pages, while clocks jump and the provider rotates its signing keys. */
export function redisUnavailable(seed: number): Promise<Report> {
  return runOnStage({ seed, workers: 3, timeout }, async (stage) => {
    const { provider, redis, workers, random, advance, logIn } = stage;
    const users: User[] = [];
    for (let i = 0; i < 40; i++) users.push(await logIn(`user-${i}`, i % 2 === 0 ? 'cookie' : 'stored'));
    const violations: string[] = [];
    /** Hashes of the access tokens that users received. */
    const delivered = new Set<string>();
    /** Users that a page has redirected to the login. No session ends in this scenario. */
    const redirected = new Set<string>();
    let leaks = 0;
    let served = 0;
    let unavailable = 0;
    let begunLogins = 0;
    const visit = async (user: User) => {
      const page = await visitPage(random.pick(workers), user, provider);
      leaks += countLeaks(user, [page]);
      if (page.status === 200) served++;
      else if (page.status === 503) unavailable++;
      else if (page.status === 303) redirected.add(user.name);
      else violations.push(`a page responded with ${page.status}`);
      if (page.hasStartedLogin) begunLogins++;
      if (page.token !== undefined) delivered.add(page.token);
      return page;
    };
    let stop = false;
    const load = Promise.all(
      users.map(async (user) => {
        while (!stop) {
          await visit(user);
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
      await redis.kill();
      await pause(600 + random.below(600));
      await advance(61_000);
      await redis.start();
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
    const lost = new Set<string>();
    for (const user of users) {
      const { status } = await visit(user);
      if (status === 200) continue;
      lost.add(user.name);
      const { reason } = await explainLoss(user.name, { ...stage, redis: unwatched, delivered });
      violations.push(`${user.kind}, ${status}: ${reason}`);
    }
    for (const name of redirected) violations.push(`a page redirected ${name} to the login`);
    if (unavailable === 0) violations.push('no page was requested while Redis was unavailable');
    return {
      summary: `Redis killed and restarted twice under load (${served} pages served, ${unavailable} responses with 503, ${redirected.size} users redirected to the login, ${begunLogins} logins begun, the page works for ${users.length - lost.size} of ${users.length} users without a login), clocks jumped two hours and back, signing keys rotated`,
      tokenRequests: provider.requests,
      sessionsLost: lost.size,
      leaks,
      violations: [...new Set(violations)],
    };
  });
}
