import { count, countLeaks, pause, type Report, runOnStage, storeCookies, type User } from '../run.ts';
import { explainLoss, type RedisWatch } from '../witness.ts';
import { DeadWorker } from '../workers.ts';

/** A killed Redis cannot be observed: every write counts as received. */
const unwatched: RedisWatch = { hasReceived: () => Promise.resolve(true) };

/** Outcomes for which an application sends the user to the login. */
const loginErrors = new Set(['no_session', 'not_signed_in', 'session_ended', 'refresh_token_missing']);

/** Kills and restarts Redis under load, while clocks jump and the provider rotates its signing keys. */
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
    let closed = 0;
    /** Redis is killed, and not yet started again. */
    let isAway = false;
    /** Users that an application would have redirected to the login while Redis was unavailable. */
    const sentToLogin = new Set<string>();
    let stop = false;
    const load = Promise.all(
      users.map(async (user) => {
        while (!stop) {
          try {
            const [outcome] = await random.pick(workers).requests(user.kind, user.cookie);
            if (outcome) {
              leaks += countLeaks(user, [outcome]);
              storeCookies(user, outcome);
              if (outcome.error === 'unexpected') violations.push('an unexpected error');
              if (isAway && loginErrors.has(outcome.error ?? '')) sentToLogin.add(user.name);
              if (outcome.token) {
                served++;
                delivered.add(outcome.token);
              } else closed++;
            }
          } catch (error) {
            if (!(error instanceof DeadWorker)) throw error;
          }
          await pause(40 + random.below(80));
        }
      }),
    );
    provider.fault = () => [{ kind: 'delay', milliseconds: random.below(120), when: 'after' }];
    for (let round = 0; round < 2; round++) {
      await pause(500);
      await advance(61_000);
      // During the refreshes.
      await pause(random.below(150));
      isAway = true;
      await redis.kill();
      await pause(600 + random.below(600));
      await advance(61_000);
      await redis.start();
      isAway = false;
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
      const [outcome] = await random.pick(workers).requests(user.kind, user.cookie);
      leaks += countLeaks(user, outcome ? [outcome] : []);
      if (outcome?.token !== undefined) continue;
      const why = await explainLoss(user.name, { ...stage, redis: unwatched, delivered });
      lost.push(why);
      if (why.proven) sentToLogin.delete(user.name);
      // A process that was not scheduled within its timeout has lost the response, independently of Redis.
      if (!why.proven) violations.push(`${user.kind}, ${outcome?.error}: ${why.reason}`);
    }
    for (const name of sentToLogin)
      violations.push(`${name}was redirected to the login while Redis was unavailable`);
    const working = users.length - lost.length;
    return {
      summary: `Redis killed and restarted twice under load (${served} requests served, ${closed}rejected during the outages, ${sentToLogin.size} logins started, ${working} of ${users.length} users continue without a login), clocks jumped two hours and back, signing keys rotated`,
      tokenRequests: provider.requests,
      sessionsLost: lost.length,
      explained: count(lost, ({ reason, proven }) => (proven ? reason : undefined)),
      leaks,
      violations: [...new Set(violations)],
    };
  });
}
