import assert from 'node:assert/strict';
import {
  accessTokenLifetime,
  countCookies,
  countRefreshes,
  data,
  findLogin,
  post,
  type Row,
  readUser,
} from '../row.ts';
import { personal, personalPages } from '../support/personal-paths.ts';

/** Requests of a prefetch by the router of Next, and by browsers. */
const prefetches = {
  router: { rsc: '1', 'next-router-prefetch': '1', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
  browser: { 'sec-purpose': 'prefetch' },
} as const;

export const httpRows: readonly Row[] = [
  {
    title:
      'S62: no shared cache may store a response that depends on the user, and all except pages vary by the cookie',
    async check(app) {
      const browser = await app.logIn('alice');
      for (const path of personal) {
        const { headers, status } = await browser.visit(path, {
          headers: { 'sec-fetch-site': 'same-origin' },
        });
        // Development never allows a cache to store a page.
        assert.match(String(headers['cache-control']), /private|no-store|no-cache/, `${path} ${status}`);
        if (personalPages.includes(path) && app.isDevelopment) continue;
        assert.match(String(headers['cache-control']), /private|no-store/, path);
        // Next replaces `Vary` of a page, which no cache may store.
        if (personalPages.includes(path)) {
          assert.match(String(headers['cache-control']), /no-store/, path);
          continue;
        }
        assert.match(String(headers.vary), /\bcookie\b/i, `${path} ${headers.vary}`);
      }
    },
  },
  {
    title: 'a preflight reaches the handler without a session, and a request of another kind does not',
    async check(app) {
      const signedOutBrowser = app.open();
      const preflight = {
        method: 'OPTIONS',
        headers: {
          origin: 'https://other.example',
          'access-control-request-method': 'GET',
          'sec-fetch-mode': 'cors',
        },
      };
      for (const path of ['/items', '/api/protected']) {
        const { status } = await signedOutBrowser.visit(path, preflight);
        assert.ok(status !== 401 && status !== 307, `${path} ${status}`);
      }
      assert.equal((await signedOutBrowser.visit('/items', { method: 'OPTIONS' })).status, 401);
    },
  },
  {
    title: 'both spellings of a path are the same route, with skipTrailingSlashRedirect',
    async check(app) {
      const signedOutBrowser = app.open();
      assert.ok(findLogin(await signedOutBrowser.visit('/items/')));
      app.op.signIn('alice');
      const { location } = await signedOutBrowser.visit('/auth/login/?returnTo=/items/');
      const { url } = await app.op.authorize(location ?? '');
      url.pathname += '/';
      const finished = await signedOutBrowser.visit(url);
      assert.equal(finished.status, 303, finished.html);
      assert.equal(finished.location?.pathname, '/items/');
      for (const path of ['/items', '/items/'])
        assert.ok((await signedOutBrowser.visit(path)).html.includes(data), path);
      const session = await signedOutBrowser.visit('/auth/session/');
      assert.equal(JSON.parse(session.html).session.user.sub, 'alice');
      const form = new URLSearchParams({ logout_token: await app.op.mintLogoutToken({ aud: 'web' }) });
      assert.equal((await app.open().visit('/auth/backchannel-logout/', { form })).status, 200);
      assert.equal(await readUser(signedOutBrowser), undefined);
      const browser = await app.logIn('alice');
      assert.equal((await post(browser, app, '/auth/logout/')).status, 303);
      assert.equal(await readUser(browser), undefined);
    },
  },
  {
    title: 'a user whose cookie has a domain after a deployment stays signed in, with one cookie',
    async check(app) {
      const previous = (await app.logIn('alice')).cookies();
      const host = app.findHost('domain');
      app.advance(accessTokenLifetime + 1);
      const { headers } = await app.open(host).visit('/items', { cookie: previous });
      const lines = headers['set-cookie'] ?? [];
      const current = lines.find((line) => /^session=[^;].*domain=/i.test(line))?.split(';')[0];
      assert.ok(current, String(lines));
      const before = countRefreshes(app);
      // A browser that keeps both copies sends them in any order.
      for (const cookie of [`${previous}; ${current}`, `${current}; ${previous}`]) {
        const page = await app.open(host).visit('/items', { cookie });
        assert.ok(page.html.includes(data));
        const removed = (page.headers['set-cookie'] ?? []).filter((line) => line.startsWith('session=;'));
        assert.ok(
          removed.some((line) => !/domain=/i.test(line)),
          String(removed),
        );
        assert.ok(!removed.some((line) => /domain=/i.test(line)), String(removed));
      }
      assert.equal(await readUser(app.open(host), current), 'alice');
      assert.equal(countRefreshes(app), before);
    },
  },
  {
    title:
      'S3: a prefetch of a browser does not count as a use. A prefetch of the App Router counts, because Next hides it from the proxy',
    async check(app) {
      for (const [kind, isUse] of [
        ['browser', false],
        ['router', true],
      ] as const) {
        const browser = await app.logIn('alice', app.findHost('two-hours'));
        for (let count = 0; count < 2; count++) {
          app.advance(3_000);
          const { location } = await browser.visit('/items', { headers: prefetches[kind] });
          // In Next 16, the router first sends its state in the URL.
          if (location?.searchParams.has('_rsc'))
            await browser.visit(location, { headers: prefetches[kind] });
        }
        app.advance(3_000);
        assert.equal(await readUser(browser), isUse ? 'alice' : undefined, kind);
      }
    },
  },
  {
    title:
      'S3: a prefetch does not count as a use where no proxy runs, in pages and in API routes of the Pages Router',
    async check(app) {
      const plain = { rsc: '1', 'sec-fetch-mode': 'cors' };
      for (const [path, headers, isUse] of [
        ['/uncovered/wrapped', prefetches.router, false],
        ['/uncovered/wrapped', prefetches.browser, false],
        ['/uncovered/wrapped', plain, true],
        ['/uncovered/wrapped', {}, true],
        ['/api/uncovered/own', prefetches.browser, false],
        ['/api/uncovered/own', {}, true],
        ['/api/pages/me', { purpose: 'prefetch' }, false],
        ['/api/pages/me', {}, true],
      ] as const) {
        const browser = await app.logIn('alice', app.findHost('two-hours-stored'));
        for (let count = 0; count < 2; count++) {
          app.advance(3_000);
          const { location } = await browser.visit(path, { headers });
          if (location?.searchParams.has('_rsc')) await browser.visit(location, { headers });
        }
        app.advance(3_000);
        const description = `${path} ${JSON.stringify(headers)}`;
        assert.equal(await readUser(browser), isUse ? 'alice' : undefined, description);
      }
    },
  },
  {
    title: 'a prefetch of the App Router refreshes, and the browser receives the new session',
    async check(app) {
      const browser = await app.logIn('alice');
      app.advance(accessTokenLifetime + 1);
      const page = await browser.visit('/items', { headers: prefetches.router });
      const { headers } = page;
      const target = page.location?.searchParams.has('_rsc')
        ? await browser.visit(page.location, { headers: prefetches.router })
        : page;
      assert.equal(
        (countCookies(page).session ?? 0) + (target === page ? 0 : (countCookies(target).session ?? 0)),
        1,
        JSON.stringify(headers),
      );
      assert.ok((await browser.visit('/items')).html.includes(data));
    },
  },
];
