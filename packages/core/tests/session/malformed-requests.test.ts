// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createWebApp } from '../support/web-browser.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const longTimeout = { timeout: 120_000 };

test('S11: responds to malformed requests without an exception', longTimeout, async () => {
  const app = await createWebApp();
  const values = [
    '%',
    '%E0%A4%A',
    '\u0000',
    '[]',
    '"',
    '~~',
    'AAAAAAAA~9~x',
    `AAAAAAAA~1~${'.'.repeat(50)}`,
    'x'.repeat(9_000),
  ];
  for (const value of values) {
    for (const path of ['/auth/session', '/auth/login', '/auth/callback', '/auth/logout']) {
      const query = new URLSearchParams({
        returnTo: value,
        state: value,
        code: value,
        iss: path === '/auth/login' ? app.server.issuer : value,
      });
      const browser = app.open(
        new Map([
          ['__Host-session', value.replace('\u0000', '')],
          ['__Host-session.1', '~'],
          [`__Host-session.login.${value.slice(0, 16).replace('\u0000', '')}`, '~'],
        ]),
      );
      const response = await browser.visit(`${path}?${query}`);
      expect(response.status, `${path} ${value}`).toBeLessThan(500);
    }
  }
  const post = { method: 'POST', headers: form };
  expect((await app.open().visit('/auth/callback', { ...post, body: 'x'.repeat(100_000) })).status).toBe(400);
  expect((await app.open().visit('/auth/callback', { method: 'POST', body: '{}' })).status).toBe(400);
});

const text = fc.string({ unit: 'binary', maxLength: 40 });
const name = fc.constantFrom(
  'state',
  'code',
  'iss',
  'error',
  'error_description',
  'response',
  'logout_token',
);

test('S11: responds to any callback parameters, and signs no user in', longTimeout, async () => {
  const app = await createWebApp();
  const browser = app.open();
  const loginResponse = await browser.visit('/auth/login');
  const state = new URL(loginResponse.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const cookies = new Map(browser.cookies);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(name, fc.oneof(text, fc.constantFrom(state, app.server.issuer))), { maxLength: 5 }),
      fc.boolean(),
      async (pairs, isPosted) => {
        const query = new URLSearchParams(pairs).toString();
        const visitor = app.open(new Map(cookies));
        const response = isPosted
          ? await visitor.visit('/auth/callback', { method: 'POST', headers: form, body: query })
          : await visitor.visit(`/auth/callback?${query}`);
        expect([303, 400, 403, 502]).toContain(response.status);
        expect(visitor.cookies.has('__Host-session')).toBe(false);
      },
    ),
    { numRuns: 300 },
  );
});

test(
  'S11, S13: responds with 400 to any malformed back-channel logout, and ends no session',
  longTimeout,
  async () => {
    const app = await createWebApp();
    const browser = app.open();
    await browser.logIn();
    const validToken = await app.server.mintLogoutToken({ aud: 'web' });
    const [header = '', payload = '', signature = ''] = validToken.split('.');
    const part = fc.oneof(fc.constantFrom(header, payload, signature), text);
    const token = fc.oneof(
      fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.')),
      text,
    );
    const body = fc.oneof(
      token
        .filter((each) => each !== validToken)
        .map((each) => new URLSearchParams({ logout_token: each }).toString()),
      text,
      fc.uint8Array({ maxLength: 200 }),
    );
    const type = fc.constantFrom(form['content-type'], 'application/json', 'text/plain');
    await fc.assert(
      fc.asyncProperty(body, type, async (requestBody, contentType) => {
        const response = await app.open().visit('/auth/backchannel-logout', {
          method: 'POST',
          headers: { 'content-type': contentType },
          body: requestBody as BodyInit,
        });
        expect(response.status).toBe(400);
        expect(response.headers.get('cache-control')).toContain('no-store');
      }),
      { numRuns: 300 },
    );
    const { session } = await (await browser.visit('/auth/session')).json();
    expect(session).not.toBeNull();
  },
);

test('S11: rejects a signed authorization response whose state is not a string', async () => {
  const app = await createWebApp();
  for (const state of [5, true, null, ['x'], { length: 16 }]) {
    const payload = btoa(JSON.stringify({ state })).replace(/=+$/, '');
    const body = `response=e30.${payload}.AAAA`;
    const response = await app.open().visit(`/auth/callback?${body}`);
    expect(response.status, payload).toBe(400);
    const postResponse = await app.open().visit('/auth/callback', { method: 'POST', headers: form, body });
    expect(postResponse.headers.get('location'), payload).toBe('/auth/callback?state=');
  }
});

test('S11: rejects an incomplete body as malformed', async () => {
  const app = await createWebApp();
  for (const path of ['/auth/callback', '/auth/backchannel-logout']) {
    let isPartSent = false;
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (isPartSent) return controller.error(new Error('gone'));
        isPartSent = true;
        controller.enqueue(new TextEncoder().encode('state=x&logout_token='));
      },
    });
    const init = {
      method: 'POST',
      headers: form,
      body: broken,
      duplex: 'half',
    };
    const response = await app.open().visit(path, init as RequestInit);
    expect(response.status, path).toBe(400);
  }
});

test('S32: ignores a login cookie with an invalid name and starts the login', async () => {
  const app = await createWebApp();
  const names = [
    '\u00ff',
    '\u00a0',
    '',
    'x'.repeat(15),
    `${'x'.repeat(15)}\u00ff`,
    'x'.repeat(17),
    `${'x'.repeat(16)}.1`,
  ];
  for (const name of names) {
    const browser = app.open(new Map([[`__Host-session.login.${name}`, 'x']]));
    const response = await browser.visit('/auth/login');
    expect(response.status, name).toBe(303);
    // One cookie contains the login. The other records that this browser has started one.
    expect(response.headers.getSetCookie(), name).toHaveLength(2);
  }
});
