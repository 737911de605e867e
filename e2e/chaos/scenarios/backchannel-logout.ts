import type { ChaosProvider } from '../provider.ts';
import { countLeaks, pause, type Report, runOnStage, storeCookies, type User } from '../run.ts';

/** Users that stay signed in. */
const others = 30;
/** Each round advances the clocks by a minute, and a logout token is valid for two minutes. */
const rounds = 2;
const leavingAtOnce = 3;

/** The provider logs out users one by one, under load and during refreshes, and notifies any of the processes. */
export function backchannelLogout(seed: number): Promise<Report> {
  return runOnStage({ seed, workers: 3 }, async (stage) => {
    const { provider, workers, random, advance, logIn, notices } = stage;
    const violations: string[] = [];
    let leaks = 0;
    const statuses: string[] = [];
    notices.deliver = async (kind, body) => {
      const status = await random.pick(workers).send({ what: 'backchannel-logout', kind, body });
      statuses.push(`${kind} ${status}`);
      return Number(status);
    };
    const staying: User[] = [];
    for (let i = 0; i < others; i++)
      staying.push(await logIn(`staying-${i}`, i % 2 === 0 ? 'cookie' : 'stored'));
    const leaving: User[][] = [];
    for (let i = 0; i < rounds * leavingAtOnce; i++) {
      const cookie = await logIn(`leaving-${i}`, 'cookie');
      // The browser is the same, so the session at the provider is the same.
      leaving.push([cookie, await logIn(`leaving-${i}`, 'stored', cookie.atProvider)]);
    }
    let stop = false;
    const usedCookies = new Map<User, Set<string>>();
    const load = Promise.all(
      [...staying, ...leaving.flat()].map(async (user) => {
        const cookies = new Set([user.cookie]);
        usedCookies.set(user, cookies);
        while (!stop) {
          const [outcome] = await random.pick(workers).requests(user.kind, user.cookie);
          if (outcome) {
            leaks += countLeaks(user, [outcome]);
            storeCookies(user, outcome);
            cookies.add(user.cookie);
            if (outcome.error === 'unexpected') violations.push('an unexpected error');
          }
          await pause(40 + random.below(80));
        }
      }),
    );
    provider.fault = () => [
      { kind: 'delay', milliseconds: random.below(150), when: random.pick(['before', 'after']) },
    ];
    const signedIn = async (user: User) => {
      const responses = [];
      for (const cookie of usedCookies.get(user) ?? [])
        for (const worker of workers) responses.push(...(await worker.requests(user.kind, cookie)));
      return responses.filter(({ token }) => token !== undefined).length;
    };
    for (let round = 0; round < rounds; round++) {
      const now = leaving.slice(round * leavingAtOnce, (round + 1) * leavingAtOnce);
      for (const user of now.flat())
        if ((await signedIn(user)) === 0)
          violations.push(`${user.kind}: was not signed in before the logout`);
      await advance(61_000);
      // The provider ends logins during the refreshes.
      await pause(random.below(200));
      await Promise.all(now.map(([user]) => user && logOutAtProvider(provider, user.atProvider)));
      // The application has handled the logout token, and accepts no cookie of the user.
      for (const user of now.flat())
        if ((await signedIn(user)) > 0) violations.push(`${user.kind}: still signed in after the logout`);
    }
    stop = true;
    await load;
    for (const user of leaving.flat())
      if ((await signedIn(user)) > 0) violations.push(`${user.kind}: signed in again after the logout`);
    let lost = 0;
    for (const user of staying) {
      const [outcome] = await random.pick(workers).requests(user.kind, user.cookie);
      leaks += countLeaks(user, outcome ? [outcome] : []);
      if (outcome?.token !== undefined) continue;
      lost++;
      violations.push(`${user.kind}: signed out by the logout of another user (${outcome?.error})`);
    }
    const expected = Array.from({ length: leaving.length }, () => ['cookie 200', 'stored 200']).flat();
    if (statuses.toSorted().join() !== expected.toSorted().join())
      violations.push(`the responses to the provider were ${statuses.join(', ')}`);
    return {
      summary: `${leaving.length} users logged out at the provider under load, during refreshes, cookie and stored sessions: all 3 processes reject their cookies; ${others} other users stay signed in`,
      tokenRequests: provider.requests,
      sessionsLost: lost,
      leaks,
      violations: [...new Set(violations)],
    };
  });
}

/** Logs out on the page of the provider. */
export async function logOutAtProvider({ issuer }: ChaosProvider, jar: Map<string, string>): Promise<void> {
  const headers = () => ({ cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') });
  const page = await fetch(`${issuer}/session/end`, { headers: headers() });
  for (const text of page.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? [];
    jar.set(name, value);
  }
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? '';
  const response = await fetch(`${issuer}/session/end/confirm`, {
    method: 'POST',
    redirect: 'manual',
    headers: headers(),
    body: new URLSearchParams({ xsrf, logout: 'yes' }),
  });
  if (response.status !== 303)
    throw new Error(`the provider responded to the logout with ${response.status}`);
}
