import assert from 'node:assert/strict';
import { type Row, readUser } from '../row.ts';
import { readPair } from './planted-rows.ts';

// A sibling host plants the session of bob with a byte before its name that browsers accept and that `trim()` removes. Node
// decodes headers as Latin-1, edge runtimes as UTF-8. Node writes the characters of a header as Latin-1, so these are bytes.

const prefixes = {
  A0: '\xa0',
  '85': '\x85',
  // U+00A0 and U+FEFF in UTF-8.
  'C2 A0': '\xc2\xa0',
  'EF BB BF': '\xef\xbb\xbf',
};

export const rawByteRows: readonly Row[] = [
  {
    title:
      'S30: a planted session whose name has another byte before it signs no user in, and replaces no user',
    async check(app) {
      const alice = readPair((await app.logIn('alice')).cookies());
      const bob = readPair((await app.logIn('bob')).cookies());
      for (const [bytes, prefix] of Object.entries(prefixes))
        for (const [cookie, user] of [
          [`${prefix}${bob}; ${alice}`, 'alice'],
          [`${alice}; ${prefix}${bob}`, 'alice'],
          [`theme=dark; ${prefix}${bob}`, undefined],
          [`${prefix}${bob}`, undefined],
        ] as const) {
          const place = `${bytes} with ${user ?? 'no other session'}`;
          assert.equal(await readUser(app.open(), cookie), user, place);
          for (const path of [
            '/items',
            '/uncovered/items',
            '/api/plain',
            '/api/uncovered/plain',
            '/api/pages/me',
          ]) {
            const { html, status } = await app.open().visit(path, { cookie });
            assert.ok(status < 400 || (status === 401 && user === undefined), `${path}: ${place}: ${status}`);
            assert.ok(!html.includes('bob'), `${path}: ${place}`);
            assert.equal(html.includes('alice'), user === 'alice', `${path}: ${place}`);
          }
        }
    },
  },
];
