import { createRandom, type Random } from '../../../packages/core/tests/support/random.ts';
import type { HttpBrowser } from '../../support/http-browser.ts';
import { type NextSessions, startNextSessions } from '../../support/servers/apps/next-sessions.ts';
import { createDrivenClock } from '../../support/servers/clock/driven-clock.ts';
import type { Kind } from '../application.ts';
import { count, type Report } from '../run.ts';
import { readSubject } from '../tabs/network.ts';

/** In seconds. */
const accessTokenLifetime = 300;
const rounds = 6;
const usersOfEach = 6;
const kinds: readonly Kind[] = ['cookie', 'stored'];
const streamPaths = ['/api/stream', '/api/wrapped-stream'] as const;
/** Next reads this stream outside the context of the request, where no session is available. */
const pathOutsideRequest = '/api/read-stream';

interface StreamUser {
  readonly kind: Kind;
  readonly name: string;
  readonly app: NextSessions;
  readonly browser: HttpBrowser;
}

/** What a user does after the access token has expired. */
interface Plan {
  readonly user: StreamUser;
  /** The first one is in the request, and is not closed. */
  readonly streams: readonly { readonly path: string; readonly isClosed: boolean }[];
  /** The count of pages that the user opens. */
  readonly pages: number;
}

interface Found {
  readonly violations: string[];
  /** The results of all calls in streams. */
  readonly results: string[];
  leaks: number;
}

/**
 * Streams of a built Next app use the session after their headers were sent, beside pages that refresh it. Users close some
 * streams. With a cookie session, only pages spend the refresh token; with a stored session, streams do too.
 */
export async function streams(seed: number): Promise<Report> {
  const random = createRandom(seed);
  const clock = createDrivenClock();
  const start = (environment: Readonly<Record<string, string>>) =>
    startNextSessions({
      accessTokenLifetime,
      environment: { ...clock.environment, ...environment },
      users: Array.from({ length: usersOfEach }, (_, index) => `user-${index}`),
      api: ({ headers }, response) => response.end(readSubject(headers.authorization)),
    });
  const apps = { cookie: await start({}), stored: await start({ SESSION_STORE: 'memory' }) };
  const findings: Found = { violations: [], results: [], leaks: 0 };
  try {
    const users = await Promise.all(kinds.map((kind) => logInUsers(kind, apps[kind])));
    for (let round = 0; round < rounds; round++) {
      const refreshesBefore = kinds.map((kind) => refreshes(apps[kind]).length);
      clock.advance(accessTokenLifetime + 1);
      for (const kind of kinds) apps[kind].op.clock.advance(accessTokenLifetime + 1);
      const plans = users.flat().map((user) => planUser(user, random));
      await runRound(plans, { areStreamsFirst: random.chance(0.5) }, findings);
      for (const [index, kind] of kinds.entries()) {
        const expectedPlans = plans.filter(
          ({ user, pages }) => user.kind === kind && (pages > 0 || kind === 'stored'),
        );
        const sent = refreshes(apps[kind]).length - (refreshesBefore[index] ?? 0);
        if (sent !== expectedPlans.length)
          findings.violations.push(
            `${kind}, round ${round}: ${sent} token requests instead of ${expectedPlans.length}`,
          );
      }
    }
    const lost: string[] = [];
    for (const user of users.flat())
      if (!(await openPage(user, findings))) lost.push(`${user.kind}: ${user.name}`);
    for (const { status } of kinds.flatMap((kind) => refreshes(apps[kind])))
      if (status !== 200) findings.violations.push(`a refresh ended with ${status}`);
    const results = Object.entries(count(findings.results, (result) => result)).map(
      ([name, times]) => `${times} ${name}`,
    );
    return {
      summary: `${users.flat().length} users of a built Next app, ${rounds} expired tokens each, used by streams beside pages (${results.join(', ')})`,
      tokenRequests: kinds.flatMap((kind) => refreshes(apps[kind])).length,
      sessionsLost: lost.length,
      leaks: findings.leaks,
      violations: [...new Set([...findings.violations, ...lost.map((user) => `${user} is signed out`)])],
    };
  } finally {
    await Promise.all(kinds.map((kind) => apps[kind].stop()));
    clock.remove();
  }
}

async function logInUsers(kind: Kind, app: NextSessions): Promise<StreamUser[]> {
  const users: StreamUser[] = [];
  for (let index = 0; index < usersOfEach; index++) {
    const name = `user-${index}`;
    users.push({ kind, name, app, browser: await app.logIn(name) });
  }
  return users;
}

const planUser = (user: StreamUser, random: Random): Plan => ({
  user,
  streams: Array.from({ length: 1 + random.below(3) }, (_, index) => ({
    path: random.pick(index === 0 ? streamPaths : [...streamPaths, pathOutsideRequest]),
    isClosed: index > 0 && random.oneIn(3),
  })),
  pages: random.below(3),
});

const refreshes = ({ op }: NextSessions) =>
  op.requestsTo('token').filter(({ body }) => body.grant_type === 'refresh_token');

/** Opens all streams, then uses the session in streams and pages: in streams first, or in both at the same time. */
async function runRound(
  plans: readonly Plan[],
  { areStreamsFirst }: { readonly areStreamsFirst: boolean },
  findings: Found,
): Promise<void> {
  const openStreams = await Promise.all(
    plans.flatMap(({ user, streams, pages }) =>
      streams.map(async ({ path, isClosed }) => ({
        user,
        path,
        pages,
        isClosed,
        ...(await openStream(user, path)),
      })),
    ),
  );
  const openPages = () =>
    Promise.all(
      plans.flatMap(({ user, pages }) =>
        Array.from({ length: pages }, async () => {
          if (!(await openPage(user, findings)))
            findings.violations.push(`${user.kind}: a page beside streams is signed out`);
        }),
      ),
    );
  const pages = areStreamsFirst ? undefined : openPages();
  const reading = Promise.all(
    openStreams.map(async (stream) => {
      if (stream.isClosed) return stream.close();
      const results = await stream.readResults();
      findings.results.push(...results);
      const problem = findProblem(results, stream, { isAlone: areStreamsFirst || stream.pages === 0 });
      if (problem !== undefined) findings.violations.push(`${stream.user.kind}, ${stream.path}: ${problem}`);
      if (stream.setCookies > 0) findings.violations.push(`${stream.path} sets a cookie`);
    }),
  );
  await openGates(plans, reading);
  await (pages ?? openPages());
}

/** Opens the gates repeatedly until all streams have ended, because streams reach them at different times. */
async function openGates(plans: readonly Plan[], reading: Promise<unknown>): Promise<void> {
  const origins = new Set(plans.map(({ user }) => user.app.origin));
  let isDone = false;
  const done = reading.finally(() => {
    isDone = true;
  });
  while (!isDone) for (const origin of origins) await fetch(`${origin}/api/gate`, { method: 'POST' });
  await done;
}

/** Reads a stream until its response has begun. */
async function openStream({ app, browser }: StreamUser, path: string) {
  const controller = new AbortController();
  const response = await fetch(app.origin + path, {
    headers: { cookie: browser.cookies() },
    signal: controller.signal,
  });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  const readUntil = async (isDone: () => boolean) => {
    while (!isDone()) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  };
  await readUntil(() => text.includes('begun\n'));
  return {
    setCookies: response.headers.getSetCookie().length,
    close: () => controller.abort(),
    async readResults() {
      await readUntil(() => false);
      return text.split('\n').slice(1, -1);
    },
  };
}

/**
 * Checks the results of `getAccessToken`, `updateSession` and `fetch`. A cookie session has no token unless a page has
 * refreshed it, and cannot be changed.
 */
function findProblem(
  results: readonly string[],
  { user, path }: { readonly user: StreamUser; readonly path: string },
  { isAlone }: { readonly isAlone: boolean },
): string | undefined {
  const [token, change, response] = results;
  const text = results.join(', ');
  if (results.length !== 3 || results.some((result) => result !== 'done' && result !== 'wrong_context'))
    return `the stream ended with "${text}"`;
  const succeeded = results.filter((result) => result === 'done').length;
  if (path === pathOutsideRequest)
    return succeeded === 0 ? undefined : `a call outside the request: "${text}"`;
  if (user.kind === 'stored')
    return token === 'done' && response === 'done' ? undefined : `no token: "${text}"`;
  if (change === 'done' || (isAlone && succeeded > 0))
    return `a call that needs a cookie succeeded: "${text}"`;
  return undefined;
}

/** Opens a page that calls the API. Returns whether the user is signed in. */
async function openPage({ name, browser }: StreamUser, findings: Found): Promise<boolean> {
  const { html } = await browser.visit('/items');
  const users = html.match(/user-\d+/g) ?? [];
  if (users.some((user) => user !== name)) findings.leaks++;
  return html.includes(`${name} has 200 ${name}`);
}
