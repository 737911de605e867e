import { updateCookieHeader } from '@countersign/core/session/adapter';
import { RequestCookies } from 'next/dist/server/web/spec-extension/cookies.js';
import { describe, expect, test } from 'vitest';
import { encodeAt, setUpTwo } from './support/planted-sessions.ts';
import { runInNext } from './support/run-in-next.ts';

// A sibling host plants the attacker's session with encoded characters. The cookie is not a session, but Next decodes it.

const readSub = (accessToken: string): unknown =>
  (
    JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as {
      readonly sub?: unknown;
    }
  ).sub;

const settings = [
  ['cookie.path', { path: '/shop' }],
  ['cookie.domain', { domain: 'example.test' }],
  ['default settings', {}],
] as const;

describe.each(['cookie', 'stored'])('S31: %s sessions', (kind) => {
  test.each(settings)(
    'a planted session with encoded characters is never used, with %s',
    async (_, cookie) => {
      const { auth, alice, mallory } = await setUpTwo(cookie, kind);
      for (const index of [0, 12, 30]) {
        const planted = encodeAt(mallory, index);
        for (const header of [`${alice}; ${planted}`, `${planted}; ${alice}`]) {
          // Two cookies with the prefix `__Host-` lead to no session. A browser sends only one.
          const user = 'path' in cookie || 'domain' in cookie ? 'alice' : undefined;
          const { result: subs } = await runInNext({ cookie: header, phase: 'action' }, async () => {
            const first = (await auth.getSession())?.user.sub;
            const second = (await auth.getSession())?.user.sub;
            if (first === undefined) return [first, second, undefined, undefined];
            const { accessToken } = await auth.getAccessToken();
            const updated = await auth.updateSession((data) => ({ ...data, isUpdated: true }));
            return [first, second, readSub(accessToken), updated.user.sub];
          });
          expect(subs).toEqual([user, user, user, user]);
          const afterAction = {
            cookie: header,
            headers: { 'content-type': 'multipart/form-data; boundary=x' },
          };
          expect((await runInNext(afterAction, () => auth.getSession())).result?.user.sub).toBe(user);
        }
        const readSession = () => auth.getSession();
        const { result } = await runInNext({ cookie: planted, phase: 'action' }, async () => [
          await readSession(),
          await readSession(),
        ]);
        expect(result).toEqual([undefined, undefined]);
      }
    },
  );
});

test("S31: the cookies of a request stay as they were sent if Next's list of them is unchanged", () => {
  const values = [
    'own',
    'bob',
    '%62ob',
    'o%77n',
    '%',
    '%zz',
    '',
    '"own"',
    '%20own',
    'own%20',
    'own=1',
    '%C3%A9',
  ];
  const name = '__Secure-session';
  for (const first of values) {
    for (const second of values) {
      for (const sent of [`${name}=${first}; ${name}=${second}`, `${name}=${first}; ${name}.1=${second}`]) {
        const listed = new RequestCookies(new Headers({ cookie: sent })).getAll();
        const expected = sent.split('; ').filter((pair) => {
          const names = listed.map((each) => each.name);
          // Next does not list a cookie that it cannot decode.
          return names.includes(pair.slice(0, pair.indexOf('=')));
        });
        expect(updateCookieHeader(sent, listed, { bareValue: 'true' })).toBe(expected.join('; '));
      }
    }
  }
});
