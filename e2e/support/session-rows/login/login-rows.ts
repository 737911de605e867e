import assert from 'node:assert/strict';
import { accessTokenLifetime, beginLogin, data, heavyUser, isActive, type Row, readUser } from '../row.ts';
import { countLogins, followLogins } from '../support/follow-logins.ts';

const readCookies = (headers: { readonly 'set-cookie'?: string[] | undefined }) =>
  headers['set-cookie'] ?? [];

export const loginRows: readonly Row[] = [
  {
    title: 'the page of a failed login explains the cause only in development',
    async check(app) {
      const { status, html } = await app.open().visit(`/auth/callback?code=x&state=${'y'.repeat(43)}`);
      assert.equal(status, 400);
      assert.ok(html.includes('<code>transaction_invalid: state</code>'), html);
      assert.equal(html.includes('No login with this <code>state</code> is in progress'), app.isDevelopment);
    },
  },
  {
    title: 'two applications on one host: interleaved logins each complete, and a logout ends one session',
    async check(app) {
      const [shop, admin] = [app.findHost('shop'), app.findHost('admin')];
      const browser = app.open();
      app.op.signIn('alice');
      const atShop = await beginLogin(browser, '?returnTo=/items?zone=shop', shop);
      const atAdmin = [];
      for (let count = 0; count < 8; count++) atAdmin.push(await beginLogin(browser, '', admin));
      const finish = async (login: URL, host: string) => {
        const { url } = await app.op.authorize(login);
        return browser.visit(url, { headers: { host } });
      };
      const finished = await finish(atShop, shop);
      assert.equal(finished.status, 303, finished.html);
      assert.equal(`${finished.location?.pathname}${finished.location?.search}`, '/items?zone=shop');
      app.op.signIn('bob');
      assert.equal((await finish(atAdmin.at(-1) as URL, admin)).status, 303);
      const read = async (host: string) =>
        JSON.parse((await browser.visit('/auth/session', { headers: { host } })).html).session?.user.sub;
      assert.deepEqual([await read(shop), await read(admin)], ['alice', 'bob']);
      const logout = { form: new URLSearchParams(), headers: { host: shop, origin: `http://${shop}` } };
      assert.equal((await browser.visit('/auth/logout', logout)).status, 303);
      assert.deepEqual([await read(shop), await read(admin)], [undefined, 'bob']);
    },
  },
  {
    title: 'SameSite=Strict: the callback continues on a page of the same site, after one login',
    async check(app) {
      const browser = followLogins(app, app.open(app.findHost('strict')));
      app.op.signIn('alice');
      const { url } = await app.op.authorize(
        (await browser.visit('/auth/login?returnTo=/items')).location ?? '',
      );
      const logins = countLogins(app);
      const page = await browser.visit(url, { headers: { 'sec-fetch-site': 'cross-site' } });
      assert.equal(page.status, 200);
      assert.equal(page.location, undefined);
      assert.match(page.html, /href="\/items"/);
      assert.ok(readCookies(page.headers).some((line) => /^session=.*SameSite=Strict/i.test(line)));
      const items = await browser.visit('/items');
      assert.equal(countLogins(app), logins);
      assert.ok(items.html.includes(data));
    },
  },
  {
    title:
      'SameSite=None: each cookie of an embedded application is Secure and Partitioned, including the cookie of a login',
    async check(app) {
      const host = app.findHost('framed');
      const browser = app.open(host);
      app.op.signIn('alice');
      const started = await browser.visit('/auth/login?returnTo=/items');
      const { url } = await app.op.authorize(started.location ?? '');
      assert.equal(url.host, host);
      const finished = await browser.visit(url);
      assert.equal(finished.status, 303, finished.html);
      const lines = [...readCookies(started.headers), ...readCookies(finished.headers)];
      assert.ok(lines.some((line) => line.startsWith('__Host-session=')));
      for (const line of lines)
        assert.match(line, /; Secure.*SameSite=None.*Partitioned|; Secure.*Partitioned.*SameSite=None/i);
      assert.equal(await readUser(browser), 'alice');
    },
  },
  ...[
    [0, 1, 2, 3, 4, 5],
    [5, 4, 3, 2, 1, 0],
    [2, 5, 0, 3, 1, 4],
  ].map(
    (order): Row => ({
      title: `six logins of one browser, finished in the order ${order.join(', ')}, each return to their page`,
      async check(app) {
        const browser = app.open();
        app.op.signIn('alice');
        const logins: URL[] = [];
        for (const tab of [0, 1, 2, 3, 4, 5]) {
          const returnTo = encodeURIComponent(`/items?tab=${tab}&text=${'x'.repeat(700)}`);
          logins.push(await beginLogin(browser, `?returnTo=${returnTo}`));
          app.advance(1);
        }
        for (const tab of order) {
          let { url } = await app.op.authorize(logins[tab] as URL);
          let page = await browser.visit(url);
          // The login of a cookie that newer logins have replaced starts again once.
          if (page.location?.origin === app.op.issuer) {
            ({ url } = await app.op.authorize(page.location));
            page = await browser.visit(url);
          }
          assert.equal(page.status, 303, page.html);
          assert.equal(page.location?.searchParams.get('tab'), String(tab));
        }
        assert.ok((await browser.visit('/items')).html.includes(data));
      },
    }),
  ),
  {
    title: 'a denied login offers a new one for the same page, and a silent login returns to its page',
    async check(app) {
      const browser = app.open();
      app.op.signIn('alice');
      app.op.answerNext({ error: 'access_denied' });
      const denied = await browser.visit(
        (await app.op.authorize(await beginLogin(browser, '?returnTo=/items?a=1'))).url,
      );
      assert.equal(denied.status, 403);
      assert.match(denied.html, /access_denied/);
      assert.match(denied.html, /href="\/auth\/login\?returnTo=%2Fitems%3Fa%3D1"/);
      app.op.signIn(undefined);
      app.op.answerNext({ error: 'login_required' });
      const silent = await browser.visit(
        (await app.op.authorize(await beginLogin(browser, '?prompt=none&returnTo=/items?a=1'))).url,
      );
      assert.equal(silent.status, 303, silent.html);
      assert.equal(
        `${silent.location?.pathname}${silent.location?.search}`,
        '/items?a=1&loginError=login_required',
      );
    },
  },
  {
    title: 'equal spellings of a host have the same configuration',
    async check(app) {
      const host = app.findHost('stored');
      const browser = await app.logIn('alice', host);
      const cookie = browser.cookies();
      for (const spelling of [host.toUpperCase(), host.replace('localhost', 'LocalHost.')])
        assert.equal(await readUser(app.open(spelling), cookie), 'alice', spelling);
    },
  },
  {
    title: 'returnTo is kept with invisible characters and up to its limit, and a longer one is reported',
    async check(app) {
      for (const text of [
        'क्\u200Dष',
        'می\u200Cخواهم',
        'soft\u00ADhyphen',
        'x'.repeat(1_900),
        'x'.repeat(2_500),
        '%2F%00',
        'a+b &',
      ]) {
        const browser = app.open();
        app.op.signIn('alice');
        const returnTo = `/items?q=${encodeURIComponent(text)}`;
        const login = await beginLogin(browser, `?returnTo=${encodeURIComponent(returnTo)}`);
        const { location } = await browser.visit((await app.op.authorize(login)).url);
        assert.equal(location?.searchParams.get('q'), text);
      }
      const since = app.output().length;
      await app.open().visit(`/auth/login?returnTo=/items?q=${'x'.repeat(5_000)}`);
      await app.waitForOutput(/returnTo|return_to/, since);
    },
  },
  {
    title: 'the cookie of a login lives as long as its transaction',
    async check(app) {
      app.op.signIn('alice');
      const lifetimes: number[] = [];
      for (const late of [-60, 60]) {
        const browser = app.open();
        const started = await browser.visit('/auth/login?returnTo=/items');
        const line = readCookies(started.headers).find((each) => /^session\.login\./.test(each));
        const lifetime = Number(/max-age=(\d+)/i.exec(line ?? '')?.[1]);
        lifetimes.push(lifetime);
        app.advance(lifetime + late);
        // This browser keeps the cookie: its clock is slow.
        const finished = await browser.visit((await app.op.authorize(started.location ?? '')).url);
        assert.equal(finished.status, 303, finished.html);
        if (late < 0) assert.equal(finished.location?.pathname, '/items');
        // The transaction has expired. The login starts again once.
        else assert.equal(finished.location?.origin, app.op.issuer);
        assert.equal(await readUser(browser), late < 0 ? 'alice' : undefined);
      }
      assert.deepEqual(lifetimes, [3_600, 3_600]);
    },
  },
  {
    title: 'the log names the remedy when a session needs a second cookie',
    async check(app) {
      await app.logIn(heavyUser);
      await app.waitForOutput(/countersign: a session needs .* proxy_buffer_size 16k/);
    },
  },
  {
    title: "processes accept each other's logins and sessions while the secret is replaced",
    async check(app) {
      const steps = [
        ['old', 'old-new'],
        ['old-new', 'new-old'],
        ['new-old', 'new'],
      ] as const;
      for (const [first, second] of steps) {
        const hosts = [app.findHost(first), app.findHost(second)] as const;
        for (const [from, to] of [hosts, [...hosts].reverse()] as [string, string][]) {
          app.op.signIn('alice');
          const browser = app.open();
          const { url } = await app.op.authorize(await beginLogin(browser, '', from));
          url.host = to;
          const finished = await browser.visit(url, { headers: { host: to } });
          // The callback belongs to the redirect URI of the other host, so the code is exchanged with this one.
          assert.notEqual(finished.status, 400, finished.html);
          for (const host of [from, to]) {
            const session = await browser.visit('/auth/session', { headers: { host } });
            assert.equal(JSON.parse(session.html).session?.user.sub, 'alice', `${from} ${to} ${host}`);
          }
        }
      }
    },
  },
  {
    title: 'while the provider is unavailable, a login leads to 503 with Retry-After and a log line',
    async check(app) {
      const since = app.output().length;
      const { status, headers, html } = await app.open(app.findHost('down')).visit('/auth/login');
      assert.equal(status, 503, html);
      assert.match(String(headers['retry-after']), /^\d+$/);
      assert.match(String(headers['cache-control']), /no-store/);
      await app.waitForOutput(/countersign: login: 503/, since);
    },
  },
  {
    title: 'S81: a login as another user revokes the refresh token of the session that it replaces',
    async check(app) {
      for (const variant of ['', 'stored']) {
        const browser = await app.logIn('alice', app.findHost(variant));
        app.advance(accessTokenLifetime + 1);
        const visitItems = async () => {
          await browser.visit('/items');
          return app.api.requests.at(-1)?.replace('Bearer ', '') ?? '';
        };
        const tokenOfAlice = await visitItems();
        const spent = app.op.requestsTo('token').at(-1)?.body.refresh_token;
        const previous = browser.cookies();
        const before = app.op.requestsTo('revocation').length;
        app.op.signIn('bob');
        await browser.visit((await app.op.authorize(await beginLogin(browser))).url);
        assert.equal(await readUser(browser), 'bob');
        const revoked = app.op.requestsTo('revocation').slice(before);
        assert.equal(revoked.length, 1);
        // The newest refresh token of alice, whose grant the provider then ends, and not that of bob.
        assert.notEqual(revoked[0]?.body.token, spent);
        assert.equal(await isActive(app, tokenOfAlice), false);
        assert.equal(await isActive(app, await visitItems()), true);
        assert.equal(await readUser(app.open(app.findHost(variant)), previous), undefined);
      }
    },
  },
];
