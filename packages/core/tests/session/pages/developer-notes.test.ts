// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createErrorResponse } from '../../../src/session/pages/error-responses.ts';
import { toText } from '../../support/html.ts';
import { stubNodeEnv, unstubNodeEnv } from '../../support/node-env.ts';
import { denyLogin, html, markup, sendUnknownCallback } from '../../support/session/failed-logins.ts';
import { createWebApp } from '../../support/web-browser.ts';

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  unstubNodeEnv();
});

const heading = 'For developers';

test.each(['production', 'test', ''])('NODE_ENV "%s": the page contains only the code', async (value) => {
  stubNodeEnv(value);
  const page = await (await sendUnknownCallback(await createWebApp())).text();
  expect(page).toContain('<code>transaction_invalid: state</code>');
  expect(page).not.toContain(heading);
});

test('a development server explains message, cause and remedy', async () => {
  stubNodeEnv('development');
  const page = await (await sendUnknownCallback(await createWebApp())).text();
  expect(page).toContain(
    '<section lang="en" dir="ltr" aria-labelledby="notes"><h2 id="notes">For developers</h2>',
  );
  expect(page).toContain('<dd>No login with this <code>state</code> is in progress in this browser,');
  expect(toText(page)).toMatch(/For developers .*no pending login.* Cause .* Remedy Start the login again\./);
});

test('the page contains the remedy for an error of the provider, and no text of it', async () => {
  stubNodeEnv('development');
  const { response } = await denyLogin(await createWebApp(), '/target', html, 'invalid_scope');
  const page = await response.text();
  expect(toText(page)).toMatch(/For developers .*invalid_scope.*Check the option "scope"/);
  expect(page).not.toContain('script');
  expect(page).not.toContain(markup);
});

test('the page contains nothing of an error that is not of this library', async () => {
  stubNodeEnv('development');
  const error = new Error('text with the cookie of the request');
  const response = createErrorResponse(new Request('https://app.example.test/', { headers: html }), error, {
    route: 'proxy',
  });
  const page = await response.text();
  expect(page).toContain('The log of the server contains the error.');
  expect(page).not.toContain('cookie of the request');
});

test('a page of the application, and JSON, contain no notes', async () => {
  stubNodeEnv('development');
  const own = await createWebApp({ pages: { error: ({ text }) => new Response(text) } });
  expect(await (await sendUnknownCallback(own)).text()).not.toContain(heading);
  const json = await sendUnknownCallback(await createWebApp(), { accept: 'application/json' });
  expect(Object.keys((await json.json()) as object)).toEqual(['error', 'message']);
});
