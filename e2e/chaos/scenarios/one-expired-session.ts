import type { Outcome } from '../application.ts';
import { count, countLeaks, type Report, runOnStage } from '../run.ts';

/** Parallel requests use one session with an expired token, in one process or in several. */
export async function oneExpiredSession(
  seed: number,
  options: { readonly processes: number; readonly each: number },
): Promise<Report> {
  const violations: string[] = [];
  let tokenRequests = 0;
  let leaks = 0;
  let lost = 0;
  await runOnStage({ seed, workers: options.processes }, async ({ provider, workers, advance, logIn }) => {
    for (const kind of ['cookie', 'stored'] as const) {
      const user = await logIn(`${kind}-user`, kind);
      await advance(61_000);
      const requestsBefore = provider.requests;
      const results = await Promise.all(
        workers.map((worker) => worker.requests(kind, user.cookie, { count: options.each })),
      );
      const outcomes: Outcome[] = results.flat();
      const requests = provider.requests - requestsBefore;
      tokenRequests += requests;
      leaks += countLeaks(user, outcomes);
      const errors = count(outcomes, ({ error }) => error);
      const tokens = count(outcomes, ({ token }) => token);
      if (requests !== 1) violations.push(`${kind}: ${requests} token requests instead of 1`);
      if (Object.keys(errors).length > 0) violations.push(`${kind}: ${JSON.stringify(errors)}`);
      if (Object.keys(tokens).length !== 1)
        violations.push(`${kind}: ${Object.keys(tokens).length} different tokens`);
      if (kind === 'cookie' && new Set(outcomes.map(({ cookies }) => JSON.stringify(cookies))).size !== 1)
        violations.push('cookie: the responses set different cookies');
      if (Object.keys(errors).includes('session_ended')) lost++;
    }
  });
  const where = options.processes === 1 ? '1 process' : `${options.processes} processes that share Redis`;
  return {
    summary: `${options.processes * options.each} parallel requests with one expired token, ${where}, cookie and stored`,
    tokenRequests,
    sessionsLost: lost,
    leaks,
    violations,
  };
}
