import { type CookieToSet, serializeCookie } from '../../../src/session/cookies/cookies.ts';
import type { LoginRecord, RequestTimes } from '../invariants/login-record.ts';
import type { ModelProcess } from './scheduler.ts';
import type { Instance, World } from './world.ts';

const sessionCookie = '__Host-session';

/** Checks whether a `Set-Cookie` line sets or deletes the session, and not a pending login. */
export const isSessionCookie = (line: string): boolean => /^__Host-session(\.\d)?=/.test(line);

/** A browser: its tabs share the cookies. */
export interface Browser {
  readonly name: string;
  /** The user at this browser. */
  sub: string;
  /** The login whose session cookie the browser has. */
  record: LoginRecord | undefined;
  readonly cookies: Map<string, string>;
  /** The number of the last token that the provider had issued when the session cookie arrived. */
  lastNumber?: number;
  /** True for copied cookies: the browser of the user receives no response to their requests. */
  readonly isCopy?: boolean;
}

/** Creates browsers with copies of the last cookies that were sent with a session. */
export function createCopies(record: LoginRecord | undefined, count: number): readonly Browser[] {
  return [...(record?.copies ?? [])].slice(-count).map((cookieHeader) => {
    const pairs = cookieHeader.split('; ').map((pair) => pair.split('=', 2) as [string, string]);
    const name = `copy of ${record?.login.id}`;
    return { name, sub: '', record, cookies: new Map(pairs), isCopy: true };
  });
}

export const createBrowser = (name: string, sub: string): Browser => ({
  name,
  sub,
  record: undefined,
  cookies: new Map(),
});

/** A request, as a process receives it. */
export interface SentRequest {
  readonly cookieHeader: string;
  readonly record: LoginRecord | undefined;
  readonly sentAt: number;
  readonly instance: Instance;
  readonly process: ModelProcess;
}

/** A response of a process, before the browser applies it. */
export interface ModelResponse {
  readonly setCookies: readonly string[];
  /** The login whose session the cookies contain. Default: that of the request. */
  readonly record?: LoginRecord | undefined;
  /** The access token that the application received. */
  readonly accessToken?: string;
}

/**
 * Sends a request to a process. The scheduler chooses when it arrives and when its response arrives.
 *
 * @returns `undefined` if the process crashed or the response was lost
 */
export async function sendRequest<T extends ModelResponse>(
  world: World,
  browser: Browser,
  name: string,
  handle: (request: SentRequest) => Promise<T>,
): Promise<T | undefined> {
  const { scheduler, faults, runningActions } = world;
  const { action } = scheduler.getContext();
  const { record } = browser;
  const cookieHeader = [...browser.cookies].map(([each, value]) => `${each}=${value}`).join('; ');
  const sentAt = scheduler.now();
  const { lastNumber } = browser;
  if (record) record.copies.add(cookieHeader);
  const index = scheduler.random.below(world.instances.length);
  await scheduler.step(`${browser.name} sends ${name}`, () => {});
  const instance = world.instances[index] as Instance;
  const { process } = instance;
  runningActions.set(action, process);
  const startedAt = scheduler.now();
  const handling = scheduler.runIn({ process, action }, () =>
    handle({ cookieHeader, record, sentAt, instance, process }),
  );
  const response = await Promise.race([handling, instance.termination]);
  const finishedAt = scheduler.now();
  runningActions.delete(action);
  const setsSession = response?.setCookies.some(isSessionCookie) === true;
  const owner = response && 'record' in response ? response.record : record;
  const isNewToken =
    response?.accessToken !== undefined &&
    lastNumber !== undefined &&
    readNumber(response.accessToken, -1) > lastNumber;
  if (world.deployment.kind === 'cookie' && isNewToken && !setsSession)
    world.ledger.reportViolation(`a response with a new token of ${record?.login.id} sets no cookie`);
  if (!response || faults.take('lost-browser-response')) {
    // A crash may have lost the cookie of a refresh, too.
    for (const each of [record, owner])
      if (each) Object.assign(each, { isStale: true, mayLackChanges: true });
    scheduler.note('(the browser receives no response)');
    return undefined;
  }
  await scheduler.step(`${name} returns to ${browser.name}`, () => {});
  applyCookies(world, browser, {
    response,
    owner,
    setsSession,
    times: { sentAt, startedAt, finishedAt, process },
  });
  if (owner && response.accessToken !== undefined && isNewestToken(owner, response.accessToken))
    owner.isStale = false;
  return response;
}

/** Checks whether the provider has issued an access token with the refresh token that it accepts now. */
const isNewestToken = ({ login }: LoginRecord, accessToken: string) =>
  readNumber(accessToken, -1) + 1 === readNumber(login.current.value, 2);

/** Reads the number of a token from one of its parts. */
const readNumber = (token: string, index: number) => Number(token.split('.').at(index));

function applyCookies(
  { scheduler, ledger, deployment, provider }: World,
  browser: Browser,
  delivery: {
    readonly response: ModelResponse;
    readonly owner: LoginRecord | undefined;
    readonly setsSession: boolean;
    readonly times: RequestTimes;
  },
): void {
  const { response, owner, setsSession, times } = delivery;
  const { record: previous } = browser;
  for (const line of response.setCookies) {
    const [pair = '', ...attributes] = line.split('; ');
    const at = pair.indexOf('=');
    if (attributes.includes('Max-Age=0')) browser.cookies.delete(pair.slice(0, at));
    else browser.cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
  if (!setsSession || browser.isCopy) return;
  browser.lastNumber = provider.getLastNumber();
  browser.record = browser.cookies.has(sessionCookie) ? owner : undefined;
  const isOlderLogin = previous !== undefined && previous !== owner && !('record' in response);
  if (isOlderLogin && previous.mayEnd === undefined) ledger.countLimit('an older Set-Cookie arrives last');
  if (deployment.kind === 'stored' || !owner) return;
  ledger.addCookie(owner, { ...times, arrivedAt: scheduler.now() });
}

export const serializeCookies = (cookies: readonly CookieToSet[]): string[] => cookies.map(serializeCookie);
