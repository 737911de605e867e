import { type Browser, type SentRequest, sendRequest } from '../simulation/browser.ts';
import type { World } from '../simulation/world.ts';
import { handleRoute } from './handle-route.ts';
import { logIn } from './log-in.ts';
import { reportFailure } from './reports.ts';

/** Attempts of the provider to deliver a logout token. */
const maxDeliveries = 3;

/** The provider ends the sessions of a user, or one of them, and notifies any process. */
export async function endAtProvider(world: World, browser: Browser, { replays = 0 } = {}): Promise<void> {
  const { provider, scheduler, ledger } = world;
  await scheduler.step('the provider ends a login', () => {});
  // The session of the login may not have started yet.
  const login = scheduler.random.pick([
    browser.record?.login,
    provider.logins.findLast((each) => each.sub === browser.sub && each.endedBy === undefined),
  ]);
  if (!login) return;
  const isOfUser = scheduler.random.oneIn(2);
  const { sub, sid } = login;
  const endedLogins = isOfUser ? provider.logins.filter((each) => each.sub === sub) : [login];
  for (const each of endedLogins) ledger.markAsEnding(each, 'a logout token');
  const match = isOfUser ? { sub } : scheduler.random.oneIn(2) ? { sid } : { sub, sid };
  const token = provider.endLogins(endedLogins, match);
  let status: number | undefined;
  for (let tries = 0; (status ?? 500) >= 500 && tries < maxDeliveries; tries++) {
    if (isOfUser) markLoginsOfUser(world, sub);
    status = await deliverLogoutToken(world, token, () => {
      // These include logins whose code was exchanged before the token arrived, although their session has not started.
      const matching = isOfUser ? provider.logins.filter((each) => each.sub === sub) : [login];
      return (process) => {
        if (isOfUser) markLoginsOfUser(world, sub);
        const end = { at: scheduler.now(), process, isByUser: false };
        for (const each of matching) {
          const record = ledger.records.get(each);
          if (record) record.confirmedEnd ??= end;
          else ledger.endsBeforeStart.set(each, end);
        }
      };
    });
    if (isOfUser) markLoginsOfUser(world, sub);
  }
  // A process whose clock is behind rejects the token, because its iat is in the future. Another process accepts it later.
  if (replays === 0 || status !== 200) return;
  // The user logs in again, and an attacker sends the token again: it must not end the new login.
  await logIn(world, browser);
  for (let index = 0; index < replays; index++) await deliverLogoutToken(world, token, () => () => {});
}

/** A logout of a user also ends logins whose tokens are being requested, because their order is unknown. */
function markLoginsOfUser({ provider, ledger }: World, sub: string): void {
  ledger.loggedOutUsers.add(sub);
  for (const code of provider.findLogins(sub)) {
    if (code.login) ledger.markAsEnding(code.login, 'a logout token');
    else code.mayEnd = 'a logout token';
  }
}

/** @returns the status; `undefined` if the provider received no response */
async function deliverLogoutToken(
  world: World,
  token: string,
  onArrival: () => (process: SentRequest['process']) => void,
): Promise<number | undefined> {
  const providerBrowser: Browser = { name: 'the provider', sub: '', record: undefined, cookies: new Map() };
  const result = await sendRequest(world, providerBrowser, 'logout token', async (sent) => {
    const onConfirmed = onArrival();
    const response = await handleRoute(sent, '/auth/backchannel-logout', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
    world.scheduler.note(`(status ${response.status})`);
    if (response.status === 200) onConfirmed(sent.process);
    else if (response.status !== 400) reportFailure(world, sent, response);
    return { setCookies: [], status: response.status };
  });
  return result?.status;
}
