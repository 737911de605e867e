import { leaksOf, onStage, pause, type Report, receive, type User } from '../run.ts';
import { DeadWorker } from '../workers.ts';

/** Redis is killed and started again under load; meanwhile clocks jump, and the provider rotates its signing keys. */
export function redisAway(seed: number): Promise<Report> {
  return onStage({ seed, workers: 3 }, async ({ provider, redis, workers, random, advance, logIn }) => {
    const users: User[] = [];
    for (let i = 0; i < 40; i++) users.push(await logIn(`away-${i}`, i % 2 === 0 ? 'cookie' : 'stored'));
    const broken: string[] = [];
    let leaks = 0;
    let served = 0;
    let closed = 0;
    let stop = false;
    const load = Promise.all(
      users.map(async (user) => {
        while (!stop) {
          try {
            const [outcome] = await random.pick(workers).requests(user.kind, user.cookie);
            if (outcome) {
              leaks += leaksOf(user, [outcome]);
              receive(user, outcome);
              if (outcome.error === 'unexpected') broken.push('an error that is not ours');
              if (outcome.token) served++;
              else closed++;
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
      // In the midst of the refreshes.
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
    let lost = 0;
    for (const user of users) {
      const [outcome] = await random.pick(workers).requests(user.kind, user.cookie);
      leaks += leaksOf(user, outcome ? [outcome] : []);
      if (outcome?.token === undefined) {
        lost++;
        broken.push(`${user.kind}: signed out (${outcome?.error})`);
      }
    }
    if (lost > 0) broken.push(`Redis holds ${await (await redis.connect()).dbSize()} keys`);
    return {
      tried: `Redis killed and restarted twice under load (${served} served, ${closed} turned away meanwhile), clocks jumped two hours and back, signing keys rotated`,
      tokenRequests: provider.requests,
      sessionsLost: lost,
      leaks,
      broken: [...new Set(broken)],
    };
  });
}
