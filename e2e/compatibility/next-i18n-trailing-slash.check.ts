import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createTestBrowser } from 'identity-provider';
import type { HttpBrowser, Visit } from '../support/http-browser.ts';
import { type NextApp, startNextApp } from './next-app.ts';
import { buildNext, followRedirects, trailingSlash } from './next-trailing-slash.ts';

// Languages by `i18n` together with `trailingSlash: true`: on a production build and in development.

const folder = process.env.FIXTURE ?? '.';

for (const { name, dev } of [{ name: 'next start' }, { name: 'next dev', dev: [] }])
  describe(name, () => {
    let app: NextApp;
    before(async () => {
      if (!dev) buildNext(folder, { environment: trailingSlash });
      app = await startNextApp(folder, {
        basePath: '',
        callbacks: ['/api/auth/callback'],
        environment: () => trailingSlash,
        ...(dev && { dev }),
      });
    });
    after(() => app?.stop());

    const follow = (browser: HttpBrowser, path: string | URL, options?: Visit) =>
      followRedirects(app, browser, path, options);

    for (const { path, title, language } of [
      { path: '/orders', title: 'Orders', language: 'en' },
      { path: '/de/orders', title: 'Bestellungen', language: 'de' },
    ])
      for (const slash of ['', '/'])
        test(`${path}${slash}: a login returns to the language of the page, and a logout ends the session`, async () => {
          const browser = app.open();
          const start = await follow(browser, `${path}${slash}?tab=1`);
          const returnTo = encodeURIComponent(`${path}/?tab=1`);
          assert.deepEqual(start.visited, [
            ...(slash ? [] : [`${path}/?tab=1`]),
            `/api/auth/login?returnTo=${returnTo}`,
            `/api/auth/login/?returnTo=${returnTo}`,
          ]);
          assert.ok(start.location, start.html);
          const callback = await createTestBrowser(app.provider.issuer).logIn(start.location);
          const { status, html, visited } = await follow(browser, callback);
          assert.deepEqual(visited, [`/api/auth/callback/${callback.search}`, `${path}/?tab=1`]);
          assert.equal(status, 200);
          for (const part of ['data-user="user-alice"', `data-language="${language}"`, `<h1>${title}</h1>`])
            assert.ok(html.includes(part), `${part} in ${html}`);
          const previous = browser.cookies();
          const logOut = (origin: string) =>
            follow(browser, `/api/auth/logout${slash}`, { method: 'POST', headers: { origin } });
          assert.equal((await logOut('https://evil.example')).status, 403);
          assert.equal((await logOut(app.origin)).location?.origin, app.provider.issuer);
          for (const cookie of [browser.cookies(), previous]) {
            const page = await browser.visit(`${path}/?tab=1`, { cookie });
            assert.equal(page.location?.pathname, '/api/auth/login', page.html);
          }
        });
  });
