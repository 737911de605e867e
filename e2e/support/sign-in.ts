import { type HttpBrowser, openHttpBrowser } from './http-browser.ts';
import { secret } from './next-web.ts';
import type { AtTestProvider } from './test-provider.ts';

/** Logins of next-web at the test provider, without a browser's pages. */
export function signInAt({ op, app }: Pick<AtTestProvider, 'op' | 'app'>) {
  /** A browser without cookies. */
  const open = (host?: string) => openHttpBrowser(app.origin, host);

  /** Up to the answer of the provider, which the browser has not followed yet. */
  async function startLogin(path = '/auth/login', browser = open()) {
    const { location } = await browser.visit(path);
    if (!location) throw new Error(`${path} led nowhere`);
    const answer = () => op.authorize(location).then(({ url }) => url);
    return { browser, location, answer };
  }

  async function logIn(user = 'alice', browser = open()): Promise<HttpBrowser> {
    op.signIn(user);
    const { answer } = await startLogin('/auth/login', browser);
    const { status } = await browser.visit(await answer());
    if (status !== 303) throw new Error(`the login of ${user} ended with ${status}`);
    return browser;
  }

  const sessionOf = async (cookie: string) =>
    JSON.parse((await open().visit('/auth/session', { cookie })).html).session;

  return {
    open,
    startLogin,
    logIn,
    sessionOf,
    userOf: async (cookie: string): Promise<string | undefined> => (await sessionOf(cookie))?.user.sub,
    /** To make a session as the application itself would have made it. */
    options: (now = Date.now()) => ({
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
