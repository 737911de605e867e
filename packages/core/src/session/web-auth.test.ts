import { createTestAuthorizationServer } from '@countersign/testing';
import { expect, test } from 'vitest';
import type { WebAuthOptions } from './web-auth-options.ts';
import { createWebAuthResolver } from './web-auth-resolver.ts';

const shared = { clientId: 'web', clientSecret: 'web-secret', secret: 's'.repeat(32) } as const;

async function startProvider() {
  const server = await createTestAuthorizationServer();
  let discoveries = 0;
  const options: WebAuthOptions = {
    ...shared,
    issuer: server.issuer,
    environment: {},
    fetch: (url, init) => {
      if (String(url).includes('/.well-known/openid-configuration')) discoveries++;
      return server.fetch(url, init);
    },
  };
  return { options, discoveries: () => discoveries };
}

type Resolve = ReturnType<typeof createWebAuthResolver>;

const at = (resolve: Resolve, host: string) => resolve(new Headers({ host }));

/** Starts a login at each host, as an unauthenticated client can. Returns the redirect URIs of the requests. */
async function startLogins(resolve: Resolve, hosts: readonly string[]): Promise<Set<string>> {
  const redirectUris = new Set<string>();
  for (const host of hosts) {
    const { sessions } = at(resolve, host);
    const { url } = await sessions.startLogin('');
    redirectUris.add(url.searchParams.get('redirect_uri') ?? '');
  }
  return redirectUris;
}

const inventedHosts = (count: number, suffix: string) =>
  Array.from({ length: count }, (_, index) => `h${index}.${suffix}`);

test.each<[string, Partial<WebAuthOptions>]>([
  ['one address', { baseUrl: 'https://app.example' }],
  ['one address of AUTH_BASE_URL', { environment: { AUTH_BASE_URL: 'https://app.example' } }],
  ['a list', { baseUrl: ['https://app.example', 'https://second.example'] }],
  [
    'a list of AUTH_BASE_URL',
    { environment: { AUTH_BASE_URL: 'https://app.example, https://second.example' } },
  ],
  ['a list with a pattern', { baseUrl: ['https://app.example', 'https://*.preview.example'] }],
])('S33: with %s, 300 invented hosts create no client and no request', async (_, more) => {
  const { options, discoveries } = await startProvider();
  const resolve = createWebAuthResolver({ ...options, ...more });
  const { client } = at(resolve, 'app.example');
  const redirectUris = await startLogins(resolve, inventedHosts(300, 'invalid'));
  expect([...redirectUris]).toEqual(['https://app.example/auth/callback']);
  expect(discoveries()).toBe(1);
  expect(at(resolve, 'h7.invalid')).toBe(at(resolve, 'app.example'));
  expect(at(resolve, 'app.example').client).toBe(client);
});

test('S33: shares one client among all hosts of a pattern, with separate addresses', async () => {
  const { options, discoveries } = await startProvider();
  const resolve = createWebAuthResolver({ ...options, baseUrl: 'https://*.preview.example' });
  const redirectUris = await startLogins(resolve, inventedHosts(300, 'preview.example'));
  expect(redirectUris.size).toBe(300);
  expect(redirectUris).toContain('https://h299.preview.example/auth/callback');
  expect(discoveries()).toBe(1);
  expect(at(resolve, 'pr-7.preview.example').client).toBe(at(resolve, 'pr-8.preview.example').client);
  for (const host of ['pr-7.preview.example', 'pr-8.preview.example']) {
    expect(at(resolve, host).sessions.origin).toBe(`https://${host}`);
  }
  expect(() => at(resolve, 'evil.example')).toThrow(/without "\*"/);
  expect(discoveries()).toBe(1);
});

test('S33: does not cache hosts that a function rejects, and keeps known hosts', async () => {
  const { options, discoveries } = await startProvider();
  const requestedHosts: string[] = [];
  const resolve = createWebAuthResolver((host) => {
    requestedHosts.push(host);
    // A new object each time, so that only the resolver can cache the client.
    return host.endsWith('.example') ? { ...options, baseUrl: `https://${host}` } : undefined;
  });
  const known = at(resolve, 'tenant.example');
  expect(at(resolve, 'tenant.example')).toBe(known);
  await startLogins(resolve, ['tenant.example']);
  for (const host of inventedHosts(3_000, 'invalid')) expect(() => at(resolve, host)).toThrow(/No options/);
  for (const host of inventedHosts(3_000, 'example')) at(resolve, host);
  expect(at(resolve, 'tenant.example')).toBe(known);
  expect(requestedHosts.filter((host) => host === 'tenant.example')).toHaveLength(1);
  await startLogins(resolve, ['tenant.example']);
  expect(discoveries()).toBe(1);
});

test('S33: passes the normalized host to the function', () => {
  const requestedHosts: string[] = [];
  const resolve = createWebAuthResolver((host) => {
    requestedHosts.push(host);
    return { ...shared, environment: {}, issuer: 'https://login.example', baseUrl: 'https://app.example' };
  });
  const known = at(resolve, 'app.example.com');
  for (const host of ['App.Example.com', 'app.example.com:443', 'app.example.com.']) {
    expect(at(resolve, host), host).toBe(known);
  }
  at(resolve, 'm\u00fcller.example');
  at(resolve, 'user@app.example.com');
  resolve(new Headers());
  expect(requestedHosts).toEqual(['app.example.com', 'xn--mller-kva.example', '']);
});

test('shares one client among hosts with the same options object', () => {
  const options = {
    ...shared,
    environment: {},
    issuer: 'https://login.example',
    baseUrl: ['https://a.example', 'https://b.example'],
  };
  const resolve = createWebAuthResolver(() => options);
  expect(at(resolve, 'a.example').client).toBe(at(resolve, 'b.example').client);
  expect(at(resolve, 'b.example').sessions.origin).toBe('https://b.example');
});

test('S33: rejects "trustProxy" in the options of a host', async () => {
  const { options } = await startProvider();
  const resolve = createWebAuthResolver(() => ({
    ...options,
    baseUrl: 'https://app.example',
    trustProxy: true,
  }));
  expect(() => at(resolve, 'app.example')).toThrow(/"trustProxy" has no effect/);
});

test('an option that is undefined does not replace a default of the framework', async () => {
  const { options, discoveries } = await startProvider();
  const { fetch, ...others } = options;
  const resolve = createWebAuthResolver(
    { ...others, baseUrl: 'https://app.example', fetch: undefined },
    {
      defaults: { fetch },
    },
  );
  await at(resolve, 'app.example').sessions.startLogin('');
  expect(discoveries()).toBe(1);
});
