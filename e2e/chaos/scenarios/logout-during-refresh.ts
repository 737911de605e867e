import { countLeaks, pause, type Report, runOnStage, storeCookies } from '../run.ts';

/** The user logs out during a refresh. */
export function logoutDuringRefresh(seed: number): Promise<Report> {
  return runOnStage({ seed, workers: 2 }, async ({ provider, workers, random, advance, logIn }) => {
    const violations: string[] = [];
    let leaks = 0;
    const rounds = 8;
    for (let round = 0; round < rounds; round++) {
      const kind = round % 2 === 0 ? ('cookie' as const) : ('stored' as const);
      const user = await logIn(`${kind}-logout-${round}`, kind);
      const previousCookie = user.cookie;
      await advance(61_000);
      const when = round % 4 < 2 ? ('before' as const) : ('after' as const);
      provider.fault = () => [{ kind: 'delay', milliseconds: 250, when }];
      const running = workers[0]?.requests(kind, previousCookie, { count: 5 });
      await pause(80 + random.below(100));
      await workers[1]?.logout(kind, previousCookie);
      const outcomes = (await running) ?? [];
      leaks += countLeaks(user, outcomes);
      provider.fault = () => [];
      // The browser has the cookies of the running requests, or it never received the response to the logout.
      for (const outcome of outcomes) storeCookies(user, outcome);
      for (const cookie of [user.cookie, previousCookie])
        for (const worker of workers)
          for (const { error, token } of await worker.requests(kind, cookie))
            if (token !== undefined || error !== 'no_session')
              violations.push(`${kind}, ${when}: still signed in (${error ?? 'a token'})`);
    }
    return {
      summary: `${rounds} logouts during a refresh, cookie and stored: no session is restored`,
      tokenRequests: provider.requests,
      sessionsLost: 0,
      leaks,
      violations: [...new Set(violations)],
    };
  });
}
