import assert from 'node:assert/strict';
import type { Row, RowApp } from '../row.ts';
import { callAction } from '../support/call-action.ts';

// A sibling host plants the session of bob, as it is or with an encoded character. Over http, cookies have no prefix.

/** Returns the session cookie of a `Cookie` header. */
export const readPair = (cookies: string) =>
  cookies.split('; ').find((pair) => pair.startsWith('session=')) ?? '';

/** Encodes the second character of the value. */
const encode = (pair: string) =>
  pair.replace(/=(.)(.)/, (_, first, second) => `=${first}%${second.charCodeAt(0).toString(16)}`);

/** Returns `Cookie` headers, and the user whom each one signs in. */
async function createPlantedCookies(app: RowApp) {
  const alice = readPair((await app.logIn('alice')).cookies());
  const bob = readPair((await app.logIn('bob')).cookies());
  return [
    [`${alice}; theme=%22a%22`, 'alice'],
    [`${alice}; ${encode(bob)}`, 'alice'],
    [`${encode(bob)}; ${alice}`, 'alice'],
    [encode(bob), undefined],
    [`${alice}; ${bob}`, undefined],
  ] as const;
}

export const plantedRows: readonly Row[] = [
  {
    title: 'S31: a planted session is not used in an action, whether or not Next forwards it to another page',
    async check(app) {
      for (const [cookie, user] of await createPlantedCookies(app))
        for (const path of ['/rename', '/', '/uncovered/items']) {
          const call = { name: 'readSub', by: 'router', path, cookie } as const;
          const { html } = await callAction(app, app.open(), call);
          const result = /^1:"(.*)"$/m.exec(html)?.[1];
          assert.equal(result, user ?? 'none', `${path} ${cookie}`);
        }
    },
  },
  {
    title: 'S31: a planted session is not used in the page to which an action redirects',
    async check(app) {
      for (const [cookie, user] of await createPlantedCookies(app))
        for (const path of ['/rename', '/']) {
          const call = { name: 'onlyRedirect', by: 'router', path, cookie } as const;
          const { html } = await callAction(app, app.open(), call);
          assert.ok(!html.includes('bob has'), `${path} ${cookie}`);
          // Next forwards the response of a page that it has fetched for the action.
          if (path === '/rename') assert.equal(html.includes('alice has'), user === 'alice', cookie);
        }
    },
  },
  {
    title: 'S31: a planted session is not used if the proxy of the application changes `request.cookies`',
    async check(app) {
      for (const [cookie, user] of await createPlantedCookies(app)) {
        const visit = { cookie, headers: { 'x-change': 'cookies' } };
        const page = await app.open().visit('/items', visit);
        assert.equal(page.html.includes('alice has'), user === 'alice', cookie);
        assert.ok(!page.html.includes('bob has'), cookie);
        const { html } = await app.open().visit('/auth/session', visit);
        assert.equal(JSON.parse(html).session?.user.sub, user, cookie);
      }
    },
  },
];
