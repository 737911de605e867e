import type { CookieToSet } from '../../src/session/index.ts';
import { createWebApp, type TestBrowser, type WebApp } from './web-browser.ts';

/** Counts the bytes of the cookies in a Cookie header. */
export const countCookieBytes = ({ cookies }: TestBrowser, prefix = '') =>
  [...cookies]
    .filter(([name]) => name.startsWith(prefix))
    .reduce((bytes, [name, value]) => bytes + `${name}=${value}; `.length, 0);

export function takeCookies({ cookies }: TestBrowser, changes: readonly CookieToSet[]) {
  for (const { name, value, maxAge } of changes) {
    if (maxAge === 0) cookies.delete(name);
    else cookies.set(name, value);
  }
}

/** Requests a token in a new request, as a page does. */
export async function getToken({ sessions }: WebApp, browser: TestBrowser, resource?: string) {
  const requestSession = await sessions.open(browser.header());
  try {
    return await requestSession.getAccessToken({ resource });
  } finally {
    takeCookies(browser, requestSession.cookies);
  }
}

/** Starts an application whose access tokens are longer by a number of characters. */
export async function openWithPadding(padding: { length: number }) {
  const app = await createWebApp(
    {},
    {
      // The tests change the access token.
      server: { faults: ['id_token_at_hash_missing'] },
      client: {
        fetch: async (url, init) => {
          const response = await app.server.fetch(url, init);
          if (!String(url).endsWith('/token') || !response.ok) return response;
          const body = (await response.json()) as { access_token: string };
          return Response.json({
            ...body,
            access_token: body.access_token + '.'.padEnd(padding.length, 'x'),
          });
        },
      },
    },
  );
  const browser = app.open();
  const countRequests = () => app.server.requestsTo('token').length;
  return { app, browser, countRequests };
}
