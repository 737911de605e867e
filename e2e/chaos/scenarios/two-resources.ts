import { resources } from '../resources.ts';
import { countLeaks, type Report, runOnStage } from '../run.ts';

/** Requests for two APIs use one refresh token in parallel. */
export function twoResources(seed: number): Promise<Report> {
  return runOnStage({ seed, workers: 4 }, async ({ provider, workers, advance, logIn }) => {
    const violations: string[] = [];
    let leaks = 0;
    let tokenRequests = 0;
    for (const kind of ['cookie', 'stored'] as const) {
      const user = await logIn(`${kind}-resources`, kind);
      await advance(61_000);
      const requestsBefore = provider.requests;
      const results = await Promise.all(
        workers.flatMap((worker) =>
          resources.map(async (resource) => ({
            resource,
            outcomes: await worker.requests(kind, user.cookie, { count: 20, resource }),
          })),
        ),
      );
      for (const { resource, outcomes } of results) {
        leaks += countLeaks(user, outcomes);
        for (const { aud, error } of outcomes)
          if (aud !== resource) violations.push(`${kind}: ${error ?? 'a token for the other API'}`);
      }
      const requests = provider.requests - requestsBefore;
      tokenRequests += requests;
      if (requests !== 2) violations.push(`${kind}: ${requests} token requests instead of 2`);
    }
    const rejected = provider.refreshes.filter(({ ok }) => !ok).length;
    if (rejected > 0) violations.push(`${rejected} rejected token requests`);
    return {
      summary: '2 APIs from one refresh token, 160 parallel requests in 4 processes, cookie and stored',
      tokenRequests,
      sessionsLost: rejected,
      leaks,
      violations: [...new Set(violations)],
    };
  });
}
