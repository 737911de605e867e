import { type Browser, sendRequest } from '../simulation/browser.ts';
import { baseUrl } from '../simulation/deployment.ts';
import type { World } from '../simulation/world.ts';
import { handleRoute } from './handle-route.ts';
import { reportFailure } from './reports.ts';

/** Logs the user out. A confirmed logout is final. */
export async function logOut(world: World, browser: Browser): Promise<void> {
  const { ledger, scheduler, provider } = world;
  await sendRequest(world, browser, 'logout', async (sent) => {
    // Without a shared store, a browser without a session ends only the logins of this process. Such ends are not checked.
    const isSignedIn = sent.record !== undefined && sent.record.mayEnd === undefined;
    if (sent.record) sent.record.mayEnd ??= 'a logout';
    const codes = provider.findPendingCodes(sent.cookieHeader);
    for (const code of codes) {
      if (code.login) ledger.markAsEnding(code.login, 'a logout before the session');
      code.mayEnd ??= 'a logout before the session';
    }
    const response = await handleRoute(sent, '/auth/logout', {
      method: 'POST',
      headers: { origin: baseUrl },
    });
    if (response.status !== 303) reportFailure(world, sent, response);
    else if (sent.record) {
      const { confirmedEnd } = sent.record;
      // More limits apply to a logout token, and to a logout before the session started.
      if (!confirmedEnd?.isByUser || confirmedEnd.isPending)
        sent.record.confirmedEnd = { at: scheduler.now(), process: sent.process, isByUser: true };
      // An ended session has no token to revoke. The cookie of a pending login has not reached the browser yet.
      sent.record.isLoggedOut ||= sent.record.mayEnd === 'a logout';
    }
    if (response.status === 303 && isSignedIn) {
      const end = { at: scheduler.now(), process: sent.process, isByUser: true, isPending: true };
      for (const code of codes) {
        const record = code.login && ledger.records.get(code.login);
        if (record) record.confirmedEnd ??= end;
        else code.confirmedEnd ??= end;
      }
    }
    return { setCookies: response.headers.getSetCookie() };
  });
}
