import type { PageMessages } from '../../../src/session/index.ts';
import type { WebApp } from '../web-browser.ts';

export const html = { accept: 'text/html' };

export const markup = '"><script>alert(1)</script>';

/** Starts a login, and sends its callback with an error of the provider. */
export async function denyLogin(
  app: WebApp,
  returnTo = '/target',
  headers: HeadersInit = html,
  error = 'access_denied',
) {
  const browser = app.open();
  const login = await browser.visit(`/auth/login?${new URLSearchParams({ returnTo })}`);
  const state = new URL(login.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const query = new URLSearchParams({ state, iss: app.server.issuer, error, error_description: markup });
  return { browser, response: await browser.visit(`/auth/callback?${query}`, { headers }) };
}

export const sendUnknownCallback = (app: WebApp, headers: HeadersInit = html) =>
  app.open().visit(`/auth/callback?code=x&state=${'y'.repeat(43)}`, { headers });

/** German texts of some pages. */
export const german: PageMessages = {
  pages: { denied: { title: 'Nicht angemeldet', text: 'Die Anmeldung wurde abgebrochen.' } },
  labels: { tryAgain: 'Erneut versuchen' },
};
