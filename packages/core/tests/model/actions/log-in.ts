import { type Browser, isSessionCookie, type ModelResponse, sendRequest } from '../simulation/browser.ts';
import { baseUrl } from '../simulation/deployment.ts';
import type { World } from '../simulation/world.ts';
import { handleRoute } from './handle-route.ts';
import { reportFailure } from './reports.ts';
import { runEach } from './run-each.ts';

/** Logs the user in: login route, provider, callback. */
export async function logIn(world: World, browser: Browser, { callbacks = 1 } = {}): Promise<void> {
  const { provider, ledger } = world;
  const loginResponse = await sendRequest(world, browser, 'login', async (sent) => {
    const response = await handleRoute(sent, '/auth/login');
    if (response.status !== 303) reportFailure(world, sent, response);
    return { setCookies: response.headers.getSetCookie(), location: response.headers.get('location') };
  });
  const location = loginResponse?.location;
  if (!location?.startsWith('https://login.example/authorize')) return;
  const { url, code } = provider.authorize(location, browser.sub);
  const sendCallback = (number: number) =>
    sendRequest(world, browser, `callback ${number}`, async (sent): Promise<ModelResponse> => {
      // A new login replaces the session that the request contains.
      if (sent.record) sent.record.mayEnd ??= 'a new login';
      const response = await handleRoute(sent, url.slice(baseUrl.length));
      // A second response for one login may be rejected.
      const isRejectedCopy = callbacks > 1 && response.status === 400;
      const setCookies = response.headers.getSetCookie();
      const { login } = code;
      // A logout during the code exchange prevents the login.
      const isEnding = code.mayEnd !== undefined || (login !== undefined && ledger.isEnding(login));
      const isEnded = response.status === 401 && isEnding;
      if (response.status !== 303 && !isRejectedCopy && !isEnded) reportFailure(world, sent, response);
      const isStarted = setCookies.some((line) => isSessionCookie(line) && !isDeletion(line));
      if (login && !isStarted && !ledger.records.has(login)) ledger.failedLogins.add(login);
      if (!login || !isStarted) return { setCookies };
      if (code.confirmedEnd) ledger.endsBeforeStart.set(login, code.confirmedEnd);
      return { setCookies, record: ledger.records.get(login) ?? ledger.add(login, sent.process) };
    });
  const numbers = Array.from({ length: callbacks }, (_, index) => index + 1);
  await runEach(world, numbers, sendCallback);
}

const isDeletion = (line: string) => line.includes('; Max-Age=0');
