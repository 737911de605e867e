import { expect, test } from 'vitest';
import { createHostCache } from './host-cache.ts';
import { createAddressSelector, normalizeHost, readHost } from './web-hosts.ts';

test('selects only configured addresses by the host', () => {
  const choose = createAddressSelector(['https://app.example', 'https://*.preview.example/shop']);
  expect(choose('app.example').baseUrl).toBe('https://app.example');
  expect(choose('pr-7.preview.example').baseUrl).toBe('https://pr-7.preview.example/shop');
  for (const host of [
    'evil.example',
    'evil-site-that-only-has-a-long-name.example',
    'evil-preview.example',
    'a.b.preview.example',
    'preview.example',
    '.preview.example',
    'evil.example/.preview.example',
    'evil.example#.preview.example',
    'evil.example\\.preview.example',
    'user@pr-7.preview.example',
    'pr-7.preview.example:8443',
    '%70r-7.preview.example',
    'pr 7.preview.example',
    `${'a'.repeat(250)}.preview.example`,
    '',
    null,
  ]) {
    expect(choose(host).baseUrl, String(host)).toBe('https://app.example');
  }
});

test('rejects an unknown host if there are only patterns, and names the remedy', () => {
  expect(() => createAddressSelector(['https://*.preview.example'])('evil.example')).toThrow(/without "\*"/);
  const choose = createAddressSelector(['https://*.preview.example', 'https://app.example']);
  expect(choose('evil.example').baseUrl).toBe('https://app.example');
  expect(() => createAddressSelector(['https://app-*.example'])).toThrow(
    /expected "\*" only as the first label/,
  );
});

test('S33: normalizes case, default port, trailing dot and punycode', () => {
  const choose = createAddressSelector([
    'https://first.example',
    'https://App.example.com',
    'https://m\u00fcller.example',
    'https://other.example:8443',
    'http://localhost:3000',
    'http://127.0.0.1',
    'https://*.Preview.example',
  ]);
  for (const [host, address] of [
    ['App.Example.COM', 'https://App.example.com'],
    ['app.example.com:443', 'https://App.example.com'],
    ['app.example.com.', 'https://App.example.com'],
    ['app.example.com.:443', 'https://App.example.com'],
    ['m\u00fcller.example', 'https://m\u00fcller.example'],
    ['xn--mller-kva.example', 'https://m\u00fcller.example'],
    ['M\u00dcLLER.example', 'https://m\u00fcller.example'],
    ['other.example:8443', 'https://other.example:8443'],
    ['localhost:3000', 'http://localhost:3000'],
    ['127.0.0.1:80', 'http://127.0.0.1'],
    ['PR-7.preview.example.', 'https://pr-7.preview.example'],
    ['other.example', 'https://first.example'],
    ['app.example.com:444', 'https://first.example'],
    ['app.example.com:80', 'https://first.example'],
    ['app.example.com..', 'https://first.example'],
  ] as const) {
    expect(choose(host).baseUrl, host).toBe(address);
  }
  expect(normalizeHost('[::1]:3000')).toBe('[::1]:3000');
  expect(normalizeHost('a, b')).toBeUndefined();
});

test('trusts X-Forwarded-Host only if enabled', () => {
  const headers = new Headers({ host: 'internal', 'x-forwarded-host': 'app.example, other.example' });
  expect(readHost(headers, { trustProxy: false })).toBe('internal');
  expect(readHost(headers, { trustProxy: true })).toBe('other.example');
  expect(readHost(new Headers({ host: 'internal' }), { trustProxy: true })).toBe('internal');
});

test('S33: a new host evicts only hosts with one request', () => {
  const cache = createHostCache<string>({ maxHosts: 3, maxNewHosts: 2 });
  cache.set('known.example', 'known');
  expect(cache.get('known.example')).toBe('known');
  for (let count = 0; count < 100; count++) cache.set(`h${count}.invalid`, 'other');
  expect(cache.size).toBe(3);
  expect(cache.get('known.example')).toBe('known');
  expect(cache.get('h0.invalid')).toBeUndefined();
  expect(cache.get('h99.invalid')).toBe('other');
  // Among used hosts, the least recently used one is evicted.
  for (const host of ['a', 'b']) {
    cache.set(host, host);
    cache.get(host);
    cache.get('known.example');
  }
  expect(cache.get('known.example')).toBe('known');
  expect(cache.get('h99.invalid')).toBeUndefined();
  expect(cache.size).toBeLessThanOrEqual(5);
});
