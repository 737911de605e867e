import assert from 'node:assert/strict';
import { beginLogin, type Row } from '../row.ts';

export const neighbourRows: readonly Row[] = [
  {
    title:
      'two applications with the same cookie name and different secrets: neither deletes the logins of the other one',
    async check(app) {
      const [first, second] = [app.findHost('foreign-a'), app.findHost('foreign-b')];
      const browser = app.open();
      app.op.signIn('alice');
      const login = await beginLogin(browser, '?returnTo=/items?zone=a', first);
      for (let count = 0; count < 8; count++) {
        await beginLogin(browser, '', second);
        app.advance(1);
      }
      const { url } = await app.op.authorize(login);
      const finished = await browser.visit(url, { headers: { host: first } });
      assert.equal(finished.status, 303, finished.html);
      assert.equal(`${finished.location?.pathname}${finished.location?.search}`, '/items?zone=a');
      const { html } = await browser.visit('/auth/session', { headers: { host: first } });
      assert.equal(JSON.parse(html).session?.user.sub, 'alice');
    },
  },
];
