import type { TestBrowser, WebApp } from '../web-browser.ts';

export const html = { accept: 'text/html' };

export const getPath = (url: URL) => url.pathname + url.search;

/** Follows redirects between application and provider, until the application responds with another page. */
export async function completeLogin(
  app: WebApp,
  browser: TestBrowser,
  location: string | null,
): Promise<Response> {
  let response = new Response(null, { headers: { location: location ?? '' } });
  for (let hops = 0; hops < 8; hops++) {
    const url = new URL(response.headers.get('location') ?? '', app.sessions.origin);
    if (url.origin === new URL(app.server.issuer).origin) {
      const { url: callback } = await app.server.authorize(url);
      response = await browser.visit(getPath(callback), { headers: html });
    } else if (url.pathname.startsWith('/auth/')) {
      response = await browser.visit(getPath(url), { headers: html });
    } else return response;
    if (response.status !== 303) return response;
  }
  throw new Error('The redirects of the login do not end.');
}

export const startLogin = async (browser: TestBrowser, path: string) =>
  (await browser.visit(path)).headers.get('location') ?? '';

export const findLogins = (browser: TestBrowser) =>
  [...browser.cookies.keys()].filter((name) => name.startsWith('__Host-session.login.'));

/** Deletes the cookie of the login, as after its expiry or after many newer logins. */
export function dropLogin(browser: TestBrowser): void {
  for (const name of findLogins(browser)) browser.cookies.delete(name);
}

/** Creates the path of a callback with an error of the provider. */
export function createErrorCallback(
  app: WebApp,
  login: string,
  parameters: Record<string, string | undefined>,
): string {
  const query = { state: new URL(login).searchParams.get('state'), iss: app.server.issuer, ...parameters };
  const entries = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return `/auth/callback?${new URLSearchParams(entries)}`;
}
