import { applyCookies } from '@countersign/core/session/adapter';
import { createRandom, type Random } from '../../packages/core/tests/support/random.ts';
import { startTestRedis, type TestRedis } from '../../packages/redis/tests/support/redis.ts';
import { type Application, type Kind, type Outcome, startApplication } from './application.ts';
import { createEventLog, type EventLog } from './event-log.ts';
import { type LogoutNotices, listenForLogouts } from './logout-notices.ts';
import { type ChaosProvider, startChaosProvider } from './provider.ts';
import { startWorker, type Worker } from './workers.ts';

/** The result of a scenario. */
export interface Report {
  readonly summary: string;
  readonly tokenRequests: number;
  readonly sessionsLost: number;
  /** Counts of sessions that the provider ended because its response was lost, by reason. */
  readonly explained?: Readonly<Record<string, number>>;
  readonly leaks: number;
  /** Violated expectations. */
  readonly violations: readonly string[];
}

/** A user with the current cookies of the browser. */
export interface User {
  readonly name: string;
  readonly kind: Kind;
  cookie: string;
  /** The cookies for the provider. */
  readonly atProvider: Map<string, string>;
}

/** The provider, Redis and processes of a scenario. */
export interface Stage {
  readonly notices: LogoutNotices;
  readonly provider: ChaosProvider;
  readonly redis: TestRedis;
  readonly workers: Worker[];
  readonly random: Random;
  readonly eventLog: EventLog;
  /** Milliseconds by which the clocks of all processes are ahead. */
  readonly offset: () => number;
  advance(milliseconds: number): Promise<void>;
  /** Replaces a dead process. */
  replace(index: number): Promise<void>;
  /** @param atProvider - The cookies of a browser with a session at the provider. */
  logIn(name: string, kind: Kind, atProvider?: Map<string, string>): Promise<User>;
  /** Like `logIn`, but the login may fail. Returns the status of the callback. */
  tryLogIn(name: string, kind: Kind, atProvider?: Map<string, string>): ReturnType<typeof tryLogIn>;
}

export async function runOnStage<T>(
  options: {
    readonly seed: number;
    readonly workers: number;
    /** Timeout of a request of the processes to the provider, in milliseconds. Default: 4,000. */
    readonly timeout?: number;
  },
  play: (stage: Stage) => Promise<T>,
): Promise<T> {
  const notices = await listenForLogouts();
  const provider = await startChaosProvider({ logoutUri: notices.getUri });
  const redis = await startTestRedis();
  let ahead = 0;
  const eventLog = createEventLog();
  const { timeout = 4_000 } = options;
  const settings = () => ({
    issuer: provider.issuer,
    redisUrl: redis.url,
    offset: ahead,
    timeout,
    eventLog,
  });
  const front = await startApplication({ name: 'front', ...settings(), now: () => Date.now() + ahead });
  const workers = await Promise.all(Array.from({ length: options.workers }, () => startWorker(settings())));
  try {
    return await play({
      notices,
      provider,
      redis,
      workers,
      random: createRandom(options.seed),
      eventLog,
      offset: () => ahead,
      async advance(milliseconds) {
        ahead += milliseconds;
        await Promise.all(
          workers.map((worker) => worker.send({ what: 'clock', offset: ahead }).catch(() => {})),
        );
      },
      async replace(index) {
        workers[index] = await startWorker(settings());
      },
      logIn: (name, kind, atProvider) => logIn(front, { name, kind, atProvider }),
      tryLogIn: (name, kind, atProvider) => tryLogIn(front, { name, kind, atProvider }),
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    front.close();
    await redis.close();
    await provider.close();
    await notices.close();
  }
}

interface Login {
  readonly name: string;
  readonly kind: Kind;
  /** The cookies for the provider. */
  readonly atProvider?: Map<string, string> | undefined;
}

async function logIn(application: Application, login: Login): Promise<User> {
  const { user } = await tryLogIn(application, login);
  const outcome = await application.request(user.kind, user.cookie, {});
  if (outcome.sub !== user.name) throw new Error(`${user.name} is not signed in: ${JSON.stringify(outcome)}`);
  return user;
}

/** Logs in with the routes of the application and the provider. Returns the status of the callback. */
async function tryLogIn(
  application: Application,
  { name, kind, atProvider = new Map() }: Login,
): Promise<{ readonly user: User; readonly status: number | undefined }> {
  const { url, cookies } = await application.sessions[kind].startLogin(null, {
    authorization: { loginHint: name },
  });
  let cookie = applyCookies(null, cookies);
  let next = url;
  while (next.hostname === '127.0.0.1') {
    const response = await fetch(next, {
      redirect: 'manual',
      headers: { cookie: [...atProvider].map(([key, value]) => `${key}=${value}`).join('; ') },
    });
    for (const text of response.headers.getSetCookie()) {
      const pair = text.split(';')[0] ?? '';
      atProvider.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = response.headers.get('location');
    if (location === null)
      throw new Error(`the provider responded with ${response.status}: ${await response.text()}`);
    next = new URL(location, next);
  }
  const response = await application.sessions[kind].handle(new Request(next, { headers: { cookie } }));
  for (const text of response?.headers.getSetCookie() ?? []) cookie = applySetCookie(cookie, text);
  return { user: { name, kind, cookie, atProvider }, status: response?.status };
}

/** Applies a `Set-Cookie` header to a `Cookie` header. */
export function applySetCookie(cookie: string, text: string): string {
  const pair = text.split(';')[0] ?? '';
  const maxAge = /max-age=0\b/i.test(text) ? 0 : 1;
  const at = pair.indexOf('=');
  return applyCookies(cookie, [
    {
      name: pair.slice(0, at),
      value: pair.slice(at + 1),
      maxAge,
      httpOnly: true,
      secure: false,
      sameSite: 'lax',
      path: '/',
    },
  ]);
}

/** Applies the cookies of a response. */
export function storeCookies(user: User, outcome: Outcome): void {
  user.cookie = applyCookies(user.cookie, outcome.cookies);
}

/** Counts responses with the token or session of another user. */
export const countLeaks = (user: User, outcomes: readonly Pick<Outcome, 'sub' | 'user'>[]): number =>
  outcomes.filter(
    ({ sub, user: shownUser }) =>
      (sub !== undefined && sub !== user.name) || (shownUser !== undefined && shownUser !== user.name),
  ).length;

/** Counts the occurrences of each value. */
export function count<T>(
  items: readonly T[],
  getName: (item: T) => string | undefined,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) {
    const name = getName(item);
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
