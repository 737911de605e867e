import { type HttpBrowser, openHttpBrowser } from './http-browser.ts';
import { secret } from './servers/apps/next-web.ts';
import type { NextWebAtTestProvider } from './servers/test-provider.ts';

/** Creates logins of next-web at the test provider without browser pages. */
export function createHttpLogins({ op, app }: Pick<NextWebAtTestProvider, 'op' | 'app'>) {
  /** Creates a browser without cookies. */
  const open = (host?: string) => openHttpBrowser(app.origin, host);

  /** Starts a login. The returned function authorizes it and returns the callback URL, which is not visited yet. */
  async function startLogin(path = '/auth/login', browser = open()) {
    const { location } = await browser.visit(path);
    if (!location) throw new Error(`${path} returned no redirect`);
    const authorize = () => op.authorize(location).then(({ url }) => url);
    return { browser, location, authorize };
  }

  async function logIn(user = 'alice', browser = open()): Promise<HttpBrowser> {
    op.signIn(user);
    const { authorize } = await startLogin('/auth/login', browser);
    const { status } = await browser.visit(await authorize());
    if (status !== 303) throw new Error(`the login of ${user} failed with status ${status}`);
    return browser;
  }

  const readSession = async (cookie: string) =>
    JSON.parse((await open().visit('/auth/session', { cookie })).html).session;

  return {
    open,
    startLogin,
    logIn,
    readSession,
    readUser: async (cookie: string): Promise<string | undefined> => (await readSession(cookie))?.user.sub,
    /** Options to create a session as the application creates it. */
    options: (now = op.clock.now()) => ({
      issuer: op.issuer,
      clientId: 'next-web',
      clientSecret: 'next-web-demo-secret',
      resource: 'https://api.countersign.example',
      allowInsecureIssuer: true,
      secret,
      baseUrl: app.origin,
      now: () => now,
    }),
  };
}
