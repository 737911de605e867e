import type { IncomingMessage, ServerResponse } from 'node:http';
import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js';
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js';
import { RequestCookies } from 'next/dist/server/web/spec-extension/cookies.js';
import { NextRequest, NextResponse } from 'next/server.js';
import { describe, expect, test } from 'vitest';
import { baseUrl } from './support/app.ts';
import { encodeAt, setUpTwo } from './support/planted-sessions.ts';
import { runInNext } from './support/run-in-next.ts';

// Next writes the `Cookie` header of an internal request anew. `request.cookies.set()` in an application's proxy does the same.

const rewrite = (cookie: string) => new RequestCookies(new Headers({ cookie })).toString();

/** Runs an action, and returns the headers of the request that Next sends to another page. */
function forward(cookie: string, more: Record<string, string> = {}): Record<string, string> {
  const request = { headers: { 'next-action': 'id', cookie, ...more } as Record<string, string> };
  const run = workAsyncStorage.run as unknown as (work: object, ...more: unknown[]) => void;
  run({}, () => {}, request, {});
  const { 'next-action': _, ...headers } = request.headers;
  return { ...headers, cookie: rewrite(request.headers.cookie ?? '') };
}

type App = Awaited<ReturnType<typeof setUpTwo>>['auth'];

/** Returns the users that each reader of a request finds. */
async function readUsers(auth: App, headers: Record<string, string>): Promise<readonly unknown[]> {
  const { cookie = '', ...others } = headers;
  const read = async () => (await auth.getSession())?.user.sub;
  const run = (more: object) =>
    runInNext({ cookie, headers: others, ...more }, async () => [await read(), await read()]);
  const page = (await run({})).result;
  const action = (await run({ phase: 'action' })).result;
  const session = await auth.handlers.GET(new Request(`${baseUrl}/shop/auth/session`, { headers }));
  const req = { method: 'GET', url: '/api', headers: { ...headers, host: 'app.example.test' } };
  const res = { headersSent: false, getHeader: () => undefined, setHeader: () => res };
  const context = { req: req as unknown as IncomingMessage, res: res as unknown as ServerResponse };
  const pages = (await auth.pages(context).getSession())?.user.sub;
  const proxied = await auth.proxy(new NextRequest(`${baseUrl}/shop/page`, { headers }), {
    protect: ['/shop'],
  });
  const isAllowed = proxied.headers.get('x-middleware-next') === '1';
  const found = (await session.json()).session?.user.sub;
  return [...page, ...action, found, pages, isAllowed ? 'allowed' : undefined];
}

const all = (user: string | undefined) => [user, user, user, user, user, user, user && 'allowed'];

const settings = [
  ['cookie.path', { path: '/shop' }],
  ['cookie.domain', { domain: 'example.test' }],
] as const;

describe.each(['cookie', 'stored'])('S31: %s sessions', (kind) => {
  test.each(settings)(
    'a planted session is not used in the request that Next sends for an action, with %s',
    async (_, cookie) => {
      const { auth, alice, mallory } = await setUpTwo(cookie, kind);
      const cases: (readonly [string, string | undefined])[] = [
        ...[0, 12, 30].flatMap((index): (readonly [string, string | undefined])[] => [
          [`${alice}; ${encodeAt(mallory, index)}`, 'alice'],
          [`${encodeAt(mallory, index)}; ${alice}`, 'alice'],
          [encodeAt(mallory, index), undefined],
        ]),
        [`${alice}; ${encodeAt(encodeAt(mallory, 12), 3)}; theme=%22a%22`, 'alice'],
        [`${alice}; ${mallory}`, undefined],
        [`${mallory}; theme=1; ${alice}`, undefined],
        [`theme=%22dark%22; a; ${alice}`, 'alice'],
      ];
      for (const [sent, user] of cases) {
        const headers = forward(sent);
        expect(await readUsers(auth, headers), sent).toEqual(all(user));
        // The other page redirects, too.
        expect(await readUsers(auth, forward(headers.cookie ?? '', headers)), sent).toEqual(all(user));
      }
    },
  );

  test.each(settings)(
    'the session that an action sets is used in the request that Next sends, with %s',
    async (_, cookie) => {
      const { auth, logInAs, alice, mallory } = await setUpTwo(cookie, kind);
      const headers = forward(`${encodeAt(mallory, 12)}; ${alice}`);
      expect(await readUsers(auth, { ...headers, cookie: await logInAs('alice') })).toEqual(all('alice'));
      expect(await readUsers(auth, { ...headers, cookie: 'theme=1' })).toEqual(all(undefined));
    },
  );

  test.each(settings)(
    'a planted session is not used if a route handler changes `request.cookies` first, with %s',
    async (_, cookie) => {
      const { auth, alice, mallory } = await setUpTwo(cookie, kind);
      const cases = [
        [`${alice}; ${encodeAt(mallory, 12)}`, 'alice'],
        [`${encodeAt(mallory, 12)}; ${alice}`, 'alice'],
        [encodeAt(mallory, 12), undefined],
      ] as const;
      for (const [sent, user] of cases) {
        const request = new NextRequest(`${baseUrl}/shop/auth/session`, { headers: { cookie: sent } });
        const handler = (received: NextRequest) => {
          received.cookies.set('theme', 'dark');
          return auth.handlers.GET(received);
        };
        const unit = { type: 'request', phase: 'action' };
        const run = workUnitAsyncStorage.run as unknown as (...more: unknown[]) => Promise<Response>;
        // Next runs a handler in two nested calls.
        const response = await run(unit, () => run(unit, handler, request, {}));
        expect((await response.json()).session?.user.sub, sent).toBe(user);
      }
    },
  );

  test.each(settings)(
    'a planted session is not used after an application has changed `request.cookies`, with %s',
    async (_, cookie) => {
      const { auth, alice, mallory } = await setUpTwo(cookie, kind);
      const cases = [
        [`${alice}; ${encodeAt(mallory, 12)}`, 'alice'],
        [`${encodeAt(mallory, 12)}; ${alice}`, 'alice'],
        [encodeAt(mallory, 12), undefined],
        [`${alice}; ${mallory}`, undefined],
        [`a=1; ${alice}`, 'alice'],
      ] as const;
      for (const [sent, user] of cases)
        for (const path of ['/shop/page', '/shop/auth/session'])
          for (const where of ['before', 'in `respond`', 'both'] as const) {
            const request = new NextRequest(baseUrl + path, { headers: { cookie: sent } });
            const handler = (received: NextRequest) => {
              if (where !== 'in `respond`') received.cookies.set('theme', 'dark');
              const respond = (inner: NextRequest) => {
                inner.cookies.set('theme', 'dark');
                const { headers } = where === 'both' ? received : inner;
                return NextResponse.next({ request: { headers } });
              };
              return auth.proxy(received, where === 'before' ? {} : { respond });
            };
            const run = workUnitAsyncStorage.run as unknown as (...more: unknown[]) => Promise<Response>;
            const response = await run({ type: 'request', phase: 'action' }, handler, request, {});
            const names = response.headers.get('x-middleware-override-headers')?.split(',') ?? [];
            // Without overrides, Next passes the headers of the request, which the application has changed.
            const headers = new Headers(names.length === 0 ? request.headers : undefined);
            for (const name of names)
              headers.set(name, response.headers.get(`x-middleware-request-${name}`) ?? '');
            const { result } = await runInNext(
              { cookie: headers.get('cookie') ?? '', headers: Object.fromEntries(headers) },
              () => auth.getSession(),
            );
            expect(result?.user.sub, `${sent} ${path} ${where}`).toBe(user);
            const session = await auth.handlers.GET(new Request(`${baseUrl}/shop/auth/session`, { headers }));
            expect((await session.json()).session?.user.sub, sent).toBe(user);
          }
    },
  );
});
