// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { afterEach, expect, test, vi } from 'vitest';
import { createErrorCallback, html, startLogin } from '../../support/session/lost-logins.ts';
import { createWebApp } from '../../support/web-browser.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ['access_denied', 403, 'Not logged in'],
  ['user_cancelled_login', 403, 'Not logged in'],
  ['user_cancelled_authorize', 403, 'Not logged in'],
  ['unauthorized', 403, 'confirm your email address'],
  ['server_error', 503, 'Please try again'],
  ['temporarily_unavailable', 503, 'Please try again'],
  ['invalid_scope', 502, 'rejected this login'],
])(
  'shows the code of the error %s, with links to a new login and to the start page',
  async (error, status, text) => {
    const app = await createWebApp();
    const browser = app.open();
    const login = await startLogin(browser, '/auth/login?returnTo=/wanted%3Fa%3D%22');
    const response = await browser.visit(createErrorCallback(app, login, { error }), { headers: html });
    expect(response.status).toBe(status);
    const page = await response.text();
    expect(page).toContain(text);
    expect(page).toContain(`<code>authorization_error: ${error}</code>`);
    expect(page).toContain('href="/auth/login?returnTo=%2Fwanted%3Fa%3D%2522">Try again</a>');
    expect(page).toContain('href="/">Back</a>');
    expect(page.match(/<h1>/g)).toHaveLength(1);
  },
);

test('reports a verified error and its description to the developer', async () => {
  const write = vi.spyOn(console, 'error').mockImplementation(() => {});
  const parameters = { error: 'access_denied', error_description: 'Confirm "your" address\u0007' };
  const app = await createWebApp();
  const browser = app.open();
  const login = await startLogin(browser, '/auth/login');
  await browser.visit(createErrorCallback(app, login, parameters), { headers: html });
  expect(app.events).toContainEqual({
    type: 'request.failed',
    route: 'callback',
    status: 403,
    code: 'authorization_error',
    providerError: 'access_denied',
    providerErrorDescription: 'Confirm "your" address ',
  });
  const silent = await createWebApp({}, { client: { onEvent: undefined as never } });
  const other = silent.open();
  await other.visit(createErrorCallback(silent, await startLogin(other, '/auth/login'), parameters), {
    headers: html,
  });
  expect(String(write.mock.calls.at(-1)?.[0])).toContain('Its description: "Confirm \\"your\\" address "');
});

test.each([
  ['without state', { state: undefined }, 'transaction_invalid', 'state'],
  ['without iss', { iss: undefined }, 'authorization_response_invalid', 'iss'],
  [
    'with the iss of another provider',
    { iss: 'https://evil.example' },
    'authorization_response_invalid',
    'iss',
  ],
  ['with an unknown state', { state: 'x'.repeat(43) }, 'transaction_invalid', 'state'],
])('rejects an error response %s, and reports its error as unverified', async (_, change, code, check) => {
  const parameters = { error: 'login_required', error_description: 'Please\nlog in', ...change };
  const app = await createWebApp();
  const browser = app.open();
  const login = await startLogin(browser, '/auth/login?returnTo=/wanted');
  const response = await browser.visit(createErrorCallback(app, login, parameters), { headers: html });
  expect(response.status).toBe(400);
  expect(await response.text()).not.toContain('login_required');
  expect(app.events).toContainEqual(
    expect.objectContaining({ type: 'request.failed', code, check, unverifiedError: 'login_required' }),
  );
  const write = vi.spyOn(console, 'error').mockImplementation(() => {});
  const silent = await createWebApp({}, { client: { onEvent: undefined as never } });
  const other = silent.open();
  const second = await startLogin(other, '/auth/login');
  await other.visit(createErrorCallback(silent, second, parameters), { headers: html });
  expect(String(write.mock.calls.at(-1)?.[0])).toContain(
    'The response is unverified. It contains the error "login_required", "Please log in".',
  );
});
