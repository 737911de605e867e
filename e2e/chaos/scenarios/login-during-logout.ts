import { type Report, runOnStage } from '../run.ts';
import { logOutAtProvider } from './backchannel-logout.ts';

const rounds = 6;

/** The provider logs a user out, and any process confirms it, before the response to a code exchange is sent. */
export function loginDuringLogout(seed: number): Promise<Report> {
  return runOnStage({ seed, workers: 2 }, async ({ provider, workers, random, notices, logIn, tryLogIn }) => {
    const violations: string[] = [];
    const statuses: number[] = [];
    notices.deliver = async (kind, body) => {
      const status = Number(await random.pick(workers).send({ what: 'backchannel-logout', kind, body }));
      statuses.push(status);
      return status;
    };
    for (let round = 0; round < rounds; round++) {
      const kind = round % 2 === 0 ? ('cookie' as const) : ('stored' as const);
      const name = `${kind}-login-${round}`;
      const { atProvider } = await logIn(name, kind);
      provider.onCodeExchanged = () => logOutAtProvider(provider, atProvider);
      const statusesBefore = statuses.length;
      const { user, status } = await tryLogIn(name, kind, atProvider);
      provider.onCodeExchanged = async () => {};
      if (statuses.length === statusesBefore || statuses.some((each) => each !== 200))
        violations.push(
          `${kind}: the responses to the logout tokens were ${statuses.slice(statusesBefore).join() || 'nothing'}`,
        );
      if (status !== 401) violations.push(`${kind}: the callback responded with ${status}`);
      for (const worker of workers)
        for (const { error, token } of await worker.requests(kind, user.cookie))
          if (token !== undefined || error !== 'no_session')
            violations.push(`${kind}: signed in after the logout (${error ?? 'a token'})`);
      const again = await logIn(name, kind);
      const [outcome] = await random.pick(workers).requests(kind, again.cookie);
      if (outcome?.token === undefined) violations.push(`${kind}: a later login fails (${outcome?.error})`);
    }
    return {
      summary: `${rounds} logout tokens confirmed during the code exchange of their user, cookie and stored: no session is created`,
      tokenRequests: provider.requests,
      sessionsLost: 0,
      leaks: 0,
      violations: [...new Set(violations)],
    };
  });
}
