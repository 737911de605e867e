import { createMemorySessionStore } from '@countersign/core/session';
import { describe, expect, test } from 'vitest';
import { createAuth } from '../src/create-auth.ts';
import { logIn, setUp } from './support/app.ts';
import { runInNext } from './support/run-in-next.ts';

// After a change of the cookie settings, a browser has the session twice: Next's `cookies()` keeps one line for each name.

/** A browser stores cookies by name, domain, path and partition. It removes white space around names and values. */
function createBrowser(host = 'app.example.test') {
  const jar = new Map<string, { readonly pair: string; readonly path: string }>();
  return {
    header: (path: string) =>
      [...jar.values()]
        .filter((cookie) => path === cookie.path || path.startsWith(cookie.path.replace(/\/?$/, '/')))
        .map(({ pair }) => pair)
        .join('; '),
    store(lines: readonly string[]) {
      for (const line of lines) {
        const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
        const [name = '', value = ''] = pair.split('=').map((part) => part.trim());
        const read = (attribute: string) =>
          attributes
            .find((each) => each.toLowerCase().startsWith(`${attribute}=`))
            ?.slice(attribute.length + 1);
        const path = read('path') ?? '/';
        const key = JSON.stringify([name, read('domain') ?? host, path, /partitioned/i.test(line)]);
        if (read('max-age') === '0') jar.delete(key);
        else jar.set(key, { pair: `${name}=${value}`, path });
      }
    },
  };
}

const changes = [
  ['cookie.partitioned is switched on', {}, { partitioned: true }],
  ['cookie.partitioned is switched off', { partitioned: true }, {}],
  ['cookie.path changes to cookie.domain', { path: '/shop' }, { domain: 'example.test' }],
  ['cookie.domain changes', { domain: 'app.example.test' }, { domain: 'example.test' }],
  ['cookie.domain is removed', { domain: 'example.test' }, { path: '/shop' }],
  ['cookie.domain is added', {}, { domain: 'example.test' }],
] as const;

const path = '/shop/auth/session';

describe.each(['cookie', 'stored'])('%s sessions', (kind) => {
  test.each(changes)(
    'an action or handler deletes the session cookie of the previous settings: %s',
    async (_, before, after) => {
      for (const end of ['action', undefined] as const) {
        const { server, options } = await setUp({
          baseUrl: 'https://app.example.test',
          routes: '/shop/auth',
          ...(kind === 'stored' && { store: createMemorySessionStore() }),
        });
        const browser = createBrowser();
        const previous = createAuth({ ...options, cookie: before });
        const cookies = (await logIn(previous.handlers, server, '/shop/auth/login')).split('; ');
        const own = cookies.find((pair) => /session=/.test(pair)) ?? '';
        const scope = `${'path' in before ? `; Path=${before.path}` : '; Path=/'}${'domain' in before ? `; Domain=${before.domain}` : ''}${'partitioned' in before ? '; Partitioned' : ''}`;
        browser.store([own + scope]);
        const auth = createAuth({ ...options, cookie: after });
        const run = () =>
          runInNext({ cookie: browser.header(path), phase: 'action', ...(end && { end }) }, async () => [
            (await auth.getSession())?.user.sub,
            (await auth.updateSession(() => ({ isChanged: true }))).data.isChanged,
            (await auth.getSession())?.user.sub,
          ]);
        const { result, set } = await run();
        expect(result).toEqual(['alice', true, 'alice']);
        browser.store(set);
        expect(browser.header(path).match(/session=/g)).toHaveLength(1);
        // A stored session keeps its identifier.
        if (kind === 'cookie') expect(browser.header(path)).not.toContain(own);
        const next = await runInNext({ cookie: browser.header(path) }, () => auth.getSession());
        expect(next.result?.user.sub).toBe('alice');
        expect(next.result?.data).toEqual({ isChanged: true });
        // With one copy left, reading the session sets no cookie.
        const reading = () => auth.getSession();
        expect((await runInNext({ cookie: browser.header(path), phase: 'action' }, reading)).set).toEqual([]);
      }
    },
  );
});
