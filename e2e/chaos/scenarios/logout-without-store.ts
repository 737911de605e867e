import { applyCookies } from '@countersign/core/session/adapter';
import { pause, type Report, runOnStage, type User } from '../run.ts';

const count = 6;
/** Milliseconds between two attempts of an unfinished logout are at most 2,000. */
const patience = 20_000;

/** Users log out while Redis is killed. Their sessions end as soon as it is available again. */
export function logoutWithoutStore(seed: number): Promise<Report> {
  return runOnStage({ seed, workers: 3 }, async ({ provider, redis, workers, random, advance, logIn }) => {
    const violations: string[] = [];
    const users: User[] = [];
    for (let i = 0; i < count; i++)
      users.push(await logIn(`leaving-${i}`, i % 2 === 0 ? 'cookie' : 'stored'));
    const staying = await Promise.all(
      (['cookie', 'stored'] as const).map((kind) => logIn(`staying-${kind}`, kind)),
    );
    await redis.kill();
    for (const user of users) {
      const worker = random.pick(workers);
      const { cookies, failure } = await worker.logout(user.kind, user.cookie);
      if (failure !== 'store_unavailable')
        violations.push(`${user.kind}: the logout reports success (${failure})`);
      if (/(^| )session(\.\d)?=/.test(applyCookies(user.cookie, cookies)))
        violations.push(`${user.kind}: the session cookie remains in the browser`);
      const [outcome] = await worker.requests(user.kind, user.cookie);
      if (outcome?.token !== undefined)
        violations.push(`${user.kind}: signed in at the process of the logout`);
    }
    for (const { name, kind } of users)
      if (kind === 'cookie' && !provider.revoked.includes(name))
        violations.push('cookie: the refresh token is not revoked while the store is unavailable');
    await redis.start();
    const findSignedIn = async () => {
      const violations: string[] = [];
      for (const { name, kind, cookie } of users) {
        for (const worker of workers)
          for (const { error } of await worker.requests(kind, cookie))
            if (error !== 'no_session') violations.push(`${kind}: not signed out (${error ?? 'a token'})`);
        if (!provider.revoked.includes(name)) violations.push(`${kind}: the refresh token is not revoked`);
      }
      return violations;
    };
    const until = performance.now() + patience;
    let remaining = await findSignedIn();
    while (remaining.length > 0 && performance.now() < until) {
      await pause(200);
      remaining = await findSignedIn();
    }
    violations.push(...remaining);
    await advance(61_000);
    for (const user of staying) {
      const [outcome] = await random.pick(workers).requests(user.kind, user.cookie);
      if (outcome?.token === undefined)
        violations.push(`${user.kind}: another user was signed out (${outcome?.error})`);
    }
    return {
      summary: `${count} logouts while Redis is killed, cookie and stored: reported, and final when it is available again`,
      tokenRequests: provider.requests,
      sessionsLost: 0,
      leaks: 0,
      violations: [...new Set(violations)],
    };
  });
}
