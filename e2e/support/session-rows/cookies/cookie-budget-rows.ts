import assert from 'node:assert/strict';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { openHttpBrowser } from '../../http-browser.ts';
import { startNginxCache } from '../../servers/proxies/nginx-cache.ts';
import { beginLogin, heavyUser, type Row, readUser } from '../row.ts';

/** The bytes of one header line that nginx accepts by default (`large_client_header_buffers 4 8k`). */
const maxLineBytes = 8_192;

/** The header line as nginx counts it: with the name of the header and the end of the line. */
const toLine = (cookies: string) => `Cookie: ${cookies}\r\n`;

export const cookieBudgetRows: readonly Row[] = [
  {
    title:
      'the largest session and its pending logins fit in one header line, and nginx with default buffers forwards each page',
    async check(app) {
      const nginx = await startNginxCache({ port: await findFreePort(), upstream: app.origin });
      try {
        const browser = await app.logIn(heavyUser);
        const throughNginx = openHttpBrowser(nginx.origin, app.findHost(''));
        const visit = (cookie: string, path: string) => throughNginx.visit(path, { cookie });
        // The access tokens of several APIs fill the cookies of the session, and logins fill the rest.
        for (let number = 0; number < 6; number++)
          await browser.visit(`/api/token?resource=https://api-${number}.example`);
        // Later, no page needs a refresh: the response would exceed the default buffers of nginx for responses.
        await browser.visit('/items');
        let largest = '';
        for (const length of [10, 100, 300, 500, 700, 900, 1_100, 1_300]) {
          await beginLogin(browser, `?returnTo=/items?${'x'.repeat(length)}`);
          app.advance(1);
          const cookies = browser.cookies();
          assert.ok(toLine(cookies).length <= maxLineBytes, `${toLine(cookies).length} bytes`);
          if (cookies.length > largest.length) largest = cookies;
        }
        assert.ok(largest.length > 7_300, `${largest.length} bytes are not the full case`);
        for (const path of ['/items', '/', '/auth/session', '/auth/logout'])
          assert.equal((await visit(largest, path)).status, 200, path);
        assert.equal(await readUser(throughNginx, largest), heavyUser);
        // nginx counts as this row does: another cookie that fills the line is accepted, and one more byte is not.
        const fill = (bytes: number) => {
          const others = `${largest}; other=`;
          return others + 'x'.repeat(bytes - toLine(others).length);
        };
        assert.equal((await visit(fill(maxLineBytes), '/')).status, 200);
        assert.equal((await visit(fill(maxLineBytes + 1), '/')).status, 400);
      } finally {
        await nginx.stop();
      }
    },
  },
];
