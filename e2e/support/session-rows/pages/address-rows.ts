import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTestAuthorizationServer } from '@countersign/testing';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { openHttpBrowser } from '../../http-browser.ts';
import { startNginxCache } from '../../servers/proxies/nginx-cache.ts';
import {
  accessTokenLifetime,
  beginLogin,
  countRefreshes,
  data,
  heavyUser,
  post,
  type Row,
  type RowApp,
  readUser,
} from '../row.ts';
import { expectItems } from '../support/expect-items.ts';

/** The directives for nginx that the page recommends. */
function readDocumentedBuffers(): string {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/guides/operations.md'), 'utf8');
  const directives = /```nginx\n([^`]*large_client_header_buffers[^`]*)```/.exec(page)?.[1];
  assert.ok(directives, 'operations.md contains no directives for nginx');
  return directives;
}

/** Requests the application through an nginx with these directives. */
async function openBehindNginx(app: RowApp, buffers: string) {
  const nginx = await startNginxCache({ port: await findFreePort(), upstream: app.origin, buffers });
  return { browser: openHttpBrowser(nginx.origin, app.findHost('')), stop: nginx.stop };
}

export const addressRows: readonly Row[] = [
  {
    title:
      'B1: with a provider by https, a token is sent to the API by plain http that the application has named, and to no other address',
    async check(app) {
      const clients = [{ clientId: 'web', clientSecret: 'web-secret' }];
      const server = await createTestAuthorizationServer({ issuer: 'https://provider.example', clients });
      server.clock.advance(Math.round((app.op.clock.now() - Date.now()) / 1_000));
      const port = await findFreePort();
      const { close } = await server.listen({ port });
      try {
        const browser = app.open(app.findHost(`cluster-${port}`));
        server.signIn('alice');
        const login = await beginLogin(browser);
        assert.equal(login.origin, 'https://provider.example');
        const finished = await browser.visit((await server.authorize(login)).url);
        assert.equal(finished.status, 303, finished.html);
        await expectItems(browser);
        const sent = app.api.requests.length;
        for (const address of ['http://localhost:1/items', 'http://127.0.0.1:1/items']) {
          const { html } = await browser.visit(`/api/token?address=${address}`);
          assert.equal(JSON.parse(html).code, 'invalid_option', address);
        }
        assert.equal(app.api.requests.length, sent);
      } finally {
        await close();
      }
    },
  },
  {
    title: 'S33: a host in punycode or with the default port has the address that is configured in Unicode',
    async check(app) {
      const host = 'xn--mller-kva.localhost';
      const browser = app.open(host);
      app.op.signIn('alice');
      const { url } = await app.op.authorize(await beginLogin(browser));
      assert.equal(url.host, host);
      assert.equal((await browser.visit(url)).status, 303);
      const cookie = browser.cookies();
      const readRedirectUri = (login: URL) => login.searchParams.get('redirect_uri');
      for (const spelling of [`${host}:443`, 'XN--MLLER-KVA.LOCALHOST']) {
        const other = app.open(spelling);
        assert.equal(await readUser(other, cookie), 'alice', spelling);
        const redirectUri = readRedirectUri(await beginLogin(other));
        assert.equal(redirectUri, `https://${host}/auth/callback`, spelling);
      }
      // Browsers store the cookies of this spelling separately, so the login continues at the other one.
      for (const spelling of [`${host}.`, `${host}.:443`]) {
        const other = app.open(spelling);
        assert.equal(await readUser(other, cookie), 'alice', spelling);
        assert.equal((await beginLogin(other)).host, host, spelling);
      }
      const redirectUri = readRedirectUri(await beginLogin(app.open(`${host}:8443`)));
      assert.equal(redirectUri, 'https://other.localhost/auth/callback');
    },
  },
  {
    title: 'a user whose cookie has another path after a deployment stays signed in, with one cookie',
    async check(app) {
      const previous = (await app.logIn('alice')).cookies();
      const host = app.findHost('path');
      app.advance(accessTokenLifetime + 1);
      const { headers } = await app.open(host).visit('/items', { cookie: previous });
      const lines = headers['set-cookie'] ?? [];
      const current = lines.find((line) => /^session=[^;].*path=\/items(;|$)/i.test(line))?.split(';')[0];
      assert.ok(current, String(lines));
      const before = countRefreshes(app);
      // A browser that keeps both copies sends the one with the longer path first.
      for (const cookie of [`${current}; ${previous}`, `${previous}; ${current}`]) {
        const page = await app.open(host).visit('/items', { cookie });
        assert.ok(page.html.includes(data));
        const removed = (page.headers['set-cookie'] ?? []).filter((line) => line.startsWith('session=;'));
        assert.ok(
          removed.some((line) => /path=\/(;|$)/i.test(line)),
          String(removed),
        );
        assert.ok(!removed.some((line) => /path=\/items/i.test(line)), String(removed));
      }
      const session = await app.open(host).visit('/items/auth/session', { cookie: current });
      assert.equal(JSON.parse(session.html).session?.user.sub, 'alice');
      assert.equal(countRefreshes(app), before);
    },
  },
  {
    title:
      'nginx with the documented buffers serves the largest session, beside cookies of other applications',
    async check(app) {
      const { browser, stop } = await openBehindNginx(app, readDocumentedBuffers());
      try {
        app.op.signIn(heavyUser);
        const finished = await browser.visit((await app.op.authorize(await beginLogin(browser))).url);
        assert.equal(finished.status, 303, finished.html);
        const cookie = `${browser.cookies()}; other=${'x'.repeat(8_000)}`;
        for (const path of ['/', '/items', '/auth/session'])
          assert.equal((await browser.visit(path, { cookie })).status, 200, path);
        app.advance(accessTokenLifetime + 1);
        assert.ok((await browser.visit('/items')).html.includes('has 200 []'));
        assert.equal((await post(browser, app, '/auth/logout')).status, 303);
        assert.equal(await readUser(browser), undefined);
      } finally {
        await stop();
      }
    },
  },
  {
    title:
      'nginx with larger buffers for responses only serves the largest session, without cookies of other applications',
    async check(app) {
      const { browser, stop } = await openBehindNginx(app, 'proxy_buffer_size 16k; proxy_buffers 8 16k;');
      try {
        app.op.signIn(heavyUser);
        const finished = await browser.visit((await app.op.authorize(await beginLogin(browser))).url);
        assert.equal(finished.status, 303, finished.html);
        for (const path of ['/', '/items', '/auth/session'])
          assert.equal((await browser.visit(path)).status, 200, path);
        const cookie = `${browser.cookies()}; other=${'x'.repeat(8_000)}`;
        assert.equal((await browser.visit('/', { cookie })).status, 400);
        assert.equal((await post(browser, app, '/auth/logout')).status, 303);
      } finally {
        await stop();
      }
    },
  },
];
