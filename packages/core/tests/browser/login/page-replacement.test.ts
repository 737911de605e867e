// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { beforeEach, expect, test, vi } from 'vitest';
import type { BrowserAuthSettings } from '../../../src/browser/options.ts';
import { createFeatureError } from '../../../src/browser/state/browser-features.ts';
import { createMemoryStorage } from '../../../src/browser/state/token-storage.ts';
import { createPage, openSignedInPage, origin, provider } from '../../support/browser/browser-page.ts';
import { stubSilentFrame } from '../../support/browser/silent-frame.ts';

const silentRedirectUri = `${origin}/silent.html`;
let replaced: string[];

beforeEach(() => {
  replaced = [];
  Object.assign(location, { replace: (url: string) => replaced.push(url) });
});

async function replacePage(options: Partial<BrowserAuthSettings & { readonly issuer: string }>) {
  const { auth } = await openSignedInPage(options);
  return auth.replacePage('/de/items');
}

test('replaces the page once if the tokens are stored, and again after a page has restored the login', async () => {
  const storage = { ...createMemoryStorage(), reach: 'tab' as const };
  expect(await replacePage({ storage })).toBe(true);
  expect(await replacePage({ storage })).toBe(true);
  expect(replaced).toEqual(['/de/items', '/de/items']);
});

test('replaces the page once if no page restores the login', async () => {
  stubSilentFrame((url) =>
    provider.approve(url, (parameters) => {
      parameters.delete('code');
      parameters.set('error', 'login_required');
    }),
  );
  expect(await replacePage({ silentRedirectUri })).toBe(true);
  for (let login = 0; login < 3; login++) expect(await replacePage({ silentRedirectUri })).toBe(false);
  expect(replaced).toEqual(['/de/items']);
  stubSilentFrame((url) => provider.approve(url));
  await createPage({ silentRedirectUri }).auth.start();
  expect(await replacePage({ silentRedirectUri })).toBe(true);
});

test('does not replace the page if the tokens are in memory', async () => {
  expect(await replacePage({})).toBe(false);
  // The browser denies the storage, so that the tokens are in memory.
  const storage = {
    ...createMemoryStorage(),
    reach: 'shared' as const,
    open: async () => {
      throw createFeatureError('IndexedDB', '');
    },
  };
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  expect(await replacePage({ storage })).toBe(false);
  expect(replaced).toEqual([]);
});

test('does not replace the page if this tab cannot record it', async () => {
  const storage = { ...createMemoryStorage(), reach: 'shared' as const };
  const { auth } = await openSignedInPage({ storage });
  vi.stubGlobal('sessionStorage', undefined);
  expect(auth.replacePage('/de/items')).toBe(false);
});

test.each([
  'https://evil.example/items',
  '//evil.example/items',
  '/\\evil.example',
  'javascript:alert(1)',
  'https://',
])('does not replace the page with %s', async (url) => {
  const { auth } = await openSignedInPage({
    storage: { ...createMemoryStorage(), reach: 'shared' as const },
  });
  expect(auth.replacePage(url)).toBe(false);
  // The replacement is not used up.
  expect(auth.replacePage(`${origin}/de/items?a=b#c`)).toBe(true);
  expect(replaced).toEqual(['/de/items?a=b#c']);
});
