import { createTestAuthorizationServer, type TestAuthorizationServer } from '@countersign/testing';
import { createRandom, type Random } from '../../../packages/core/tests/support/random.ts';
import { findFreePort } from '../../../scripts/lib/processes/ports.ts';
import { type HttpBrowser, openHttpBrowser, type VisitedPage } from '../../support/http-browser.ts';
import { type NextSessions, startNextSessions } from '../../support/servers/apps/next-sessions.ts';
import { createDrivenClock } from '../../support/servers/clock/driven-clock.ts';
import { startPathProxy } from '../../support/servers/proxies/forwarding-proxy.ts';
import { count, type Report } from '../run.ts';
import { readSubject } from '../tabs/network.ts';

const people = ['alice', 'bob', 'carol'] as const;
const steps = 40;
/** In seconds. */
const accessTokenLifetime = 300;

/** An application below a base path, with the name of its cookies and its client. */
interface Zone {
  readonly name: string;
  readonly basePath: string;
}

const zones: readonly [Zone, Zone] = [
  { name: 'home', basePath: '' },
  { name: 'shop', basePath: '/shop' },
];

/** A session of a user at the provider, to which the sessions of both applications can belong. */
interface ProviderSession {
  readonly user: string;
}

/** A browser, with its expected sessions and its unfinished logins. */
interface Visitor {
  readonly browser: HttpBrowser;
  readonly signedIn: Map<Zone, ProviderSession>;
  logins: { readonly zone: Zone; readonly location: URL }[];
}

interface Stage {
  readonly op: TestAuthorizationServer;
  readonly origin: string;
  readonly visitors: readonly Visitor[];
  atProvider: ProviderSession | undefined;
  readonly violations: string[];
  leaks: number;
  lost: number;
}

/**
 * Two Next apps below different base paths of one host, with separate cookie names, secrets and clients: built, or in
 * development. Logins, refreshes and logouts of several browsers follow in any order. A step at one app changes nothing at
 * the other, except for the logout tokens of the provider, which end both sessions.
 */
export async function twoZones(
  seed: number,
  { isDevelopment = false }: { readonly isDevelopment?: boolean } = {},
): Promise<Report> {
  const random = createRandom(seed);
  const clock = createDrivenClock();
  const [port, ...ports] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const origin = `http://localhost:${port}`;
  const op = await createTestAuthorizationServer({
    accessTokenLifetime,
    users: people.map((sub) => ({ sub })),
    clients: zones.map(({ name, basePath }) => ({
      clientId: name,
      clientSecret: `${name}-secret`,
      backchannelLogoutUri: `${origin}${basePath}/auth/backchannel-logout`,
    })),
  });
  const { close } = await op.listen();
  const apps: NextSessions[] = [];
  for (const [index, zone] of zones.entries())
    apps.push(
      await startNextSessions({
        publicOrigin: origin,
        basePath: zone.basePath,
        port: ports[index] ?? 0,
        op,
        ...(isDevelopment && { dev: [] }),
        environment: { ...clock.environment, ...describeEnvironment(zone) },
        api: ({ headers }, response) => response.end(readSubject(headers.authorization)),
      }),
    );
  const proxy = await startPathProxy(port, { '/': ports[0] ?? 0, '/shop': ports[1] ?? 0 });
  const visitors = people.map(
    (): Visitor => ({ browser: openHttpBrowser(origin), signedIn: new Map(), logins: [] }),
  );
  const stage: Stage = { op, origin, visitors, atProvider: undefined, violations: [], leaks: 0, lost: 0 };
  const done: string[] = [];
  try {
    for (let step = 0; step < steps; step++) {
      const name = random.pick(Object.keys(actions));
      if (name === 'expire') clock.advance(accessTokenLifetime + 1);
      await actions[name]?.(stage, random.pick(visitors), random);
      done.push(name);
      await checkSessions(stage, `step ${step}, ${name}`);
    }
    const counts = Object.entries(count(done, (name) => name)).map(([name, times]) => `${times} ${name}`);
    return {
      summary: `${steps} steps of ${visitors.length} browsers at two ${isDevelopment ? 'Next apps in development' : 'built Next apps'} on one host (${counts.join(', ')})`,
      tokenRequests: op.requestsTo('token').length,
      sessionsLost: stage.lost,
      leaks: stage.leaks,
      violations: [...new Set(stage.violations)],
    };
  } finally {
    proxy.close();
    await Promise.all(apps.map((app) => app.stop()));
    await close();
    clock.remove();
  }
}

const describeEnvironment = ({ name }: Zone) => ({
  COOKIE_NAME: name,
  AUTH_SECRET: `the-secret-of-${name}-with-more-than-thirty-two-characters`,
  AUTH_CLIENT_ID: name,
  AUTH_CLIENT_SECRET: `${name}-secret`,
});

type Action = (stage: Stage, visitor: Visitor, random: Random) => Promise<void>;

const actions: Readonly<Record<string, Action>> = {
  async begin(stage, visitor, random) {
    const zone = random.pick(zones);
    const { location } = await visit(stage, visitor, zone, '/auth/login?returnTo=/items');
    if (location) visitor.logins.push({ zone, location });
  },
  /** Completes any of the unfinished logins. */
  async finish(stage, visitor, random) {
    if (visitor.logins.length === 0) await actions.begin?.(stage, visitor, random);
    const [login] = visitor.logins.splice(random.below(visitor.logins.length), 1);
    if (!login) return;
    if (!stage.atProvider || random.chance(0.5)) {
      stage.atProvider = { user: random.pick(people) };
      stage.op.signIn(stage.atProvider.user);
    }
    const { url } = await stage.op.authorize(login.location);
    const { status } = await visit(
      stage,
      visitor,
      login.zone,
      url.pathname.slice(login.zone.basePath.length) + url.search,
    );
    if (status === 303) visitor.signedIn.set(login.zone, stage.atProvider);
    else stage.violations.push(`a login at ${login.zone.name} ended with ${status}`);
  },
  /** Refreshes all sessions at the same time. */
  async expire(stage) {
    stage.op.clock.advance(accessTokenLifetime + 1);
    await Promise.all(
      stage.visitors.flatMap((visitor) =>
        zones.map(async (zone) => {
          const user = visitor.signedIn.get(zone)?.user;
          const { html, status } = await visit(stage, visitor, zone, '/items');
          if (user === undefined ? status !== 307 : !html.includes(`${user} has 200 ${user}`))
            stage.violations.push(
              `the page of ${user ?? 'a signed-out user'} at ${zone.name} has status ${status}`,
            );
        }),
      ),
    );
  },
  /** Ends the session of one application, and its unfinished logins. */
  async logOut(stage, visitor, random) {
    const zone = random.pick(zones);
    await visit(stage, visitor, zone, '/auth/logout', { method: 'POST', headers: { origin: stage.origin } });
    visitor.signedIn.delete(zone);
    visitor.logins = visitor.logins.filter((login) => login.zone !== zone);
  },
  /** Ends the session at the provider, which notifies both applications. */
  async endAtProvider(stage) {
    const ended = stage.atProvider;
    stage.atProvider = undefined;
    for (const { signedIn } of stage.visitors)
      for (const [zone, session] of signedIn) if (session === ended) signedIn.delete(zone);
    const responses = await stage.op.endSession();
    if (responses.some(({ status }) => status !== 200))
      stage.violations.push(
        `responses to logout tokens: ${responses.map(({ status }) => status).join(', ')}`,
      );
  },
};

/** Visits a zone, which may only set its own cookies. */
async function visit(
  { violations }: Stage,
  { browser }: Visitor,
  { name, basePath }: Zone,
  path: string,
  options: Parameters<HttpBrowser['visit']>[1] = {},
): Promise<VisitedPage> {
  const page = await browser.visit(basePath + path, options);
  for (const cookie of page.headers['set-cookie'] ?? [])
    if (!cookie.startsWith(name))
      violations.push(`${name} sets the cookie ${cookie.slice(0, cookie.indexOf('='))}`);
  return page;
}

/** Checks that each zone has the expected user. */
async function checkSessions(stage: Stage, step: string): Promise<void> {
  for (const visitor of stage.visitors)
    for (const zone of zones) {
      const { html } = await visit(stage, visitor, zone, '/auth/session');
      const shownUser: string | undefined = JSON.parse(html).session?.user.sub;
      const expectedUser = visitor.signedIn.get(zone)?.user;
      if (shownUser === expectedUser) continue;
      stage.violations.push(
        `${step}: ${zone.name} has ${shownUser ?? 'no session'} instead of ${expectedUser ?? 'none'}`,
      );
      if (shownUser === undefined) stage.lost++;
      else if (expectedUser !== undefined) stage.leaks++;
      if (shownUser === undefined) visitor.signedIn.delete(zone);
      else visitor.signedIn.set(zone, { user: shownUser });
    }
}
