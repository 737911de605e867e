import { countLeaks, pause, type Report, runOnStage } from '../run.ts';

/** Requests with the cookie from before a refresh. */
export function lateRequests(seed: number): Promise<Report> {
  return runOnStage({ seed, workers: 3 }, async ({ provider, workers, random, advance, logIn }) => {
    const violations: string[] = [];
    const user = await logIn('late', 'cookie');
    await advance(61_000);
    const requestsBefore = provider.requests;
    const [first] = (await workers[0]?.requests('cookie', user.cookie)) ?? [];
    let leaks = countLeaks(user, first ? [first] : []);
    for (let i = 0; i < 12; i++) {
      await pause(150);
      const outcomes = (await random.pick(workers).requests('cookie', user.cookie, { count: 5 })) ?? [];
      leaks += countLeaks(user, outcomes);
      for (const outcome of outcomes) {
        if (outcome.token !== first?.token) violations.push(`another token (${outcome.error ?? 'no error'})`);
        if (JSON.stringify(outcome.cookies) !== JSON.stringify(first?.cookies))
          violations.push('another Set-Cookie');
      }
    }
    if ((first?.cookies.length ?? 0) === 0) violations.push('the refresh set no cookie');
    const tokenRequests = provider.requests - requestsBefore;
    if (tokenRequests !== 1) violations.push(`${tokenRequests} token requests instead of 1`);
    return {
      summary:
        '60 late requests with the previous cookie in 3 processes: the same token and the same Set-Cookie',
      tokenRequests,
      sessionsLost: 0,
      leaks,
      violations: [...new Set(violations)],
    };
  });
}
