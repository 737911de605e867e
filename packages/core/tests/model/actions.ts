import { AuthError, LoginRequiredError } from '../../src/errors.ts';
import {
  type Browser,
  createCopies,
  isSessionCookie,
  type ModelResponse,
  type SentRequest,
  sendRequest,
  serializeCookies,
} from './browser.ts';
import { baseUrl, resources } from './deployment.ts';
import type { World } from './world.ts';

/** What browsers, users and the provider do in a run. */
export type ActionKind =
  | 'token'
  | 'other-resource'
  | 'two-resources'
  | 'forced-refresh'
  | 'session'
  | 'copied-cookie'
  | 'change'
  | 'login'
  | 'user-switch'
  | 'double-callback'
  | 'logout'
  | 'double-logout'
  | 'backchannel-logout'
  | 'replayed-logout-token';

interface SessionResponse extends ModelResponse {
  /** The changes that the session contains. */
  readonly changes?: readonly string[];
}

interface PublicSession {
  readonly user: { readonly sub: string };
  readonly data: Readonly<Record<string, true>>;
}

type RunAction = (world: World, browser: Browser) => Promise<unknown>;

export const actions: Readonly<Record<ActionKind, RunAction>> = {
  token: (world, browser) => requestToken(world, browser, {}),
  'other-resource': (world, browser) => requestToken(world, browser, { resource: resources[1] }),
  async 'two-resources'(world, browser) {
    await runEach(world, resources, (resource) => requestToken(world, browser, { resource }));
  },
  'forced-refresh': (world, browser) => requestToken(world, browser, { forceRefresh: true }),
  session: (world, browser) => requestSession(world, browser),
  async 'copied-cookie'(world, browser) {
    // The browser may have no session any more when the copy is sent.
    const { record } = browser;
    await world.scheduler.step('a copy of the cookie is taken', () => {});
    const [copy] = createCopies(record, 1);
    if (copy) await requestSession(world, copy);
  },
  change: (world, browser) => changeSession(world, browser),
  login: (world, browser) => logIn(world, browser),
  'user-switch'(world, browser) {
    browser.sub = browser.sub === 'alice' ? 'bob' : 'alice';
    return logIn(world, browser);
  },
  'double-callback': (world, browser) => logIn(world, browser, { callbacks: 2 }),
  logout: (world, browser) => logOut(world, browser),
  'double-logout': (world, browser) => runEach(world, [1, 2], () => logOut(world, browser)),
  'backchannel-logout': (world, browser) => endAtProvider(world, browser),
  'replayed-logout-token': (world, browser) => endAtProvider(world, browser, { replays: 2 }),
};

interface TokenRequest {
  readonly resource?: string;
  readonly forceRefresh?: boolean;
}

/** Requests an access token, as a handler of an application does. */
export function requestToken(world: World, browser: Browser, request: TokenRequest) {
  const name = request.forceRefresh ? 'token (forced)' : `token ${request.resource ?? ''}`.trim();
  return sendRequest(world, browser, name, async (sent): Promise<ModelResponse> => {
    let isSessionOpen = false;
    try {
      const session = await sent.instance.sessions.open(sent.cookieHeader);
      isSessionOpen = true;
      try {
        const { accessToken } = await session.getAccessToken(request);
        report(world, sent, { sub: session.session?.user.sub, accessToken });
        return { setCookies: serializeCookies(session.cookies), accessToken };
      } catch (error) {
        reportError(world, sent, error);
        return { setCookies: serializeCookies(session.cookies) };
      }
    } catch (error) {
      if (isSessionOpen) throw error;
      reportError(world, sent, error);
      return { setCookies: [] };
    }
  });
}

/** Requests `/auth/session`, as a page does. */
export function requestSession(world: World, browser: Browser) {
  return sendRequest(world, browser, 'session', async (sent): Promise<SessionResponse> => {
    const response = await handleRoute(sent, '/auth/session');
    const setCookies = response.headers.getSetCookie();
    if (response.status !== 200) {
      reportFailure(world, sent, response);
      return { setCookies };
    }
    const { session } = (await response.json()) as { session: PublicSession | null };
    report(world, sent, { sub: session?.user.sub, isLoginRequired: session === null });
    return { setCookies, ...(session && { changes: Object.keys(session.data) }) };
  });
}

/** Changes the data of the session. The response confirms the change. */
function changeSession(world: World, browser: Browser) {
  const id = world.scheduler.getContext().action;
  return sendRequest(world, browser, 'change', async (sent) => {
    let setCookies: string[] = [];
    try {
      const session = await sent.instance.sessions.open(sent.cookieHeader);
      if (!session.session) report(world, sent, { isLoginRequired: true });
      else {
        const { user } = await session.update((data) => ({ ...data, [id]: true }));
        report(world, sent, { sub: user.sub });
        sent.record?.changes.push(id);
      }
      setCookies = serializeCookies(session.cookies);
    } catch (error) {
      reportError(world, sent, error);
    }
    return { setCookies };
  });
}

/** Logs the user in: login route, provider, callback. */
export async function logIn(world: World, browser: Browser, { callbacks = 1 } = {}): Promise<void> {
  const { provider, ledger } = world;
  const started = await sendRequest(world, browser, 'login', async (sent) => {
    const response = await handleRoute(sent, '/auth/login');
    if (response.status !== 303) reportFailure(world, sent, response);
    return { setCookies: response.headers.getSetCookie(), location: response.headers.get('location') };
  });
  const location = started?.location;
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
      // A login that is ended while its code is exchanged does not begin.
      const isEnding = code.mayEnd !== undefined || (login !== undefined && ledger.isEnding(login));
      const isEnded = response.status === 401 && isEnding;
      if (response.status !== 303 && !isRejectedCopy && !isEnded) reportFailure(world, sent, response);
      const isStarted = setCookies.some((line) => isSessionCookie(line) && !isDeletion(line));
      if (login && !isStarted && !ledger.records.has(login)) ledger.failedLogins.add(login);
      if (!login || !isStarted) return { setCookies };
      if (code.ended) ledger.endedBeforeStart.set(login, code.ended);
      return { setCookies, record: ledger.records.get(login) ?? ledger.add(login, sent.process) };
    });
  const numbers = Array.from({ length: callbacks }, (_, index) => index + 1);
  await runEach(world, numbers, sendCallback);
}

/** Runs concurrent requests of one action. Each has a name of its own in the trace. */
async function runEach<T>(
  { scheduler }: World,
  values: readonly T[],
  run: (value: T) => Promise<unknown>,
): Promise<void> {
  const { action } = scheduler.getContext();
  await Promise.all(
    values.map((value, index) => scheduler.runIn({ action: `${action}.${index + 1}` }, () => run(value))),
  );
}

const isDeletion = (line: string) => line.includes('; Max-Age=0');

/** Logs the user out. A confirmed logout ends the session for all time. */
async function logOut(world: World, browser: Browser): Promise<void> {
  const { ledger, scheduler, provider } = world;
  await sendRequest(world, browser, 'logout', async (sent) => {
    // A browser without a session ends only logins whose callback has started, and those of this process.
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
      const { ended } = sent.record;
      // The end by a logout token, or before the session started, has more exceptions.
      if (!ended?.isByUser || ended.isPending)
        sent.record.ended = { at: scheduler.now(), process: sent.process, isByUser: true };
      // A session that had ended already has no token to revoke. That of a pending login was in a cookie on its way.
      sent.record.isLoggedOut ||= sent.record.mayEnd === 'a logout';
    }
    if (response.status === 303 && isSignedIn) {
      const end = { at: scheduler.now(), process: sent.process, isByUser: true, isPending: true };
      for (const code of codes) {
        const record = code.login && ledger.records.get(code.login);
        if (record) record.ended ??= end;
        else code.ended ??= end;
      }
    }
    return { setCookies: response.headers.getSetCookie() };
  });
}

/** Attempts of the provider to deliver a logout token. */
const maxDeliveries = 3;

/** The provider ends the sessions of a user, or one of them, and notifies any process. */
async function endAtProvider(world: World, browser: Browser, { replays = 0 } = {}): Promise<void> {
  const { provider, scheduler, ledger } = world;
  await scheduler.step('the provider ends a login', () => {});
  // Also a login whose session has not started yet.
  const login = scheduler.random.pick([
    browser.record?.login,
    provider.logins.findLast((each) => each.sub === browser.sub && each.endedBy === undefined),
  ]);
  if (!login) return;
  const isOfUser = scheduler.random.oneIn(2);
  const { sub, sid } = login;
  const ended = isOfUser ? provider.logins.filter((each) => each.sub === sub) : [login];
  for (const each of ended) ledger.markAsEnding(each, 'a logout token');
  const match = isOfUser ? { sub } : scheduler.random.oneIn(2) ? { sid } : { sub, sid };
  const token = provider.endLogins(ended, match);
  let status: number | undefined;
  for (let tries = 0; (status ?? 500) >= 500 && tries < maxDeliveries; tries++) {
    if (isOfUser) markLoginsOfUser(world, sub);
    status = await deliverLogoutToken(world, token, () => {
      // Logins whose code was exchanged before the token arrived end too, although their session has not started.
      const matching = isOfUser ? provider.logins.filter((each) => each.sub === sub) : [login];
      return (process) => {
        if (isOfUser) markLoginsOfUser(world, sub);
        const end = { at: scheduler.now(), process, isByUser: false };
        for (const each of matching) {
          const record = ledger.records.get(each);
          if (record) record.ended ??= end;
          else ledger.endedBeforeStart.set(each, end);
        }
      };
    });
    if (isOfUser) markLoginsOfUser(world, sub);
  }
  // A process whose clock is behind rejects a token of the future, and another one accepts it later.
  if (replays === 0 || status !== 200) return;
  // The user logs in again, and an attacker sends the token again: it must not end the new login.
  await logIn(world, browser);
  for (let index = 0; index < replays; index++) await deliverLogoutToken(world, token, () => () => {});
}

/** A logout of a user also ends logins whose tokens are being requested: which of both is later is unknown. */
function markLoginsOfUser({ provider, ledger }: World, sub: string): void {
  ledger.usersLoggedOut.add(sub);
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

async function handleRoute(sent: SentRequest, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (sent.cookieHeader !== '') headers.set('cookie', sent.cookieHeader);
  const response = await sent.instance.sessions.handle(new Request(baseUrl + path, { ...init, headers }));
  if (!response) throw new Error(`${path} is not a route`);
  return response;
}

function report(
  world: World,
  { record, sentAt, process }: SentRequest,
  result: {
    readonly sub?: string | undefined;
    readonly accessToken?: string;
    readonly isLoginRequired?: boolean;
    readonly error?: string;
  },
): void {
  const { sub, isLoginRequired = false, ...rest } = result;
  const login = rest.accessToken?.split('.')[1] ?? sub;
  world.scheduler.note(`(${rest.error ?? (isLoginRequired ? 'signed out' : `signed in: ${login}`)})`);
  world.ledger.checkReport({ record, sentAt, process, sub, isLoginRequired, ...rest });
}

function reportError(world: World, sent: SentRequest, error: unknown): void {
  if (!(error instanceof AuthError)) {
    const { name, message } = error as Error;
    world.ledger.reportViolation(`a request failed with an unexpected exception: ${name} ${message}`);
    return;
  }
  report(world, sent, { error: error.code, isLoginRequired: error instanceof LoginRequiredError });
}

function reportFailure(world: World, sent: SentRequest, response: Response): void {
  if (response.status === 500) world.ledger.reportViolation('a route responded with status 500');
  report(world, sent, { error: `status ${response.status}` });
}
