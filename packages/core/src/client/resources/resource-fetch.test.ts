import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import { createHarness } from '../../../tests/support/client/harness.ts';
import { createClient, createResourceFetch, generateDpopKeyPair, parseStepUpChallenge } from '../../index.ts';

const api = 'https://api.example.test';

interface Call {
  readonly url: string;
  readonly init: RequestInit & { headers: Record<string, string> };
}

/** Creates a resource fetch whose API returns the given responses in order. */
async function setUp(responses: Response[], dpop = false) {
  const calls: Call[] = [];
  const { server } = await createHarness();
  const client = createClient({
    issuer: server.issuer,
    clientId: 'web',
    ...(dpop && { dpop: { keyPair: await generateDpopKeyPair() } }),
    fetch: async (url, init) => {
      calls.push({ url, init: init as Call['init'] });
      return responses.shift() ?? new Response('fine');
    },
  });
  const forceRefreshes: boolean[] = [];
  const resourceFetch = createResourceFetch(client, {
    origins: [api],
    getAccessToken: async ({ forceRefresh }) => {
      forceRefreshes.push(forceRefresh);
      return { accessToken: `token-${forceRefreshes.length}`, tokenType: dpop ? 'DPoP' : 'Bearer' };
    },
  });
  return { calls, forceRefreshes, resourceFetch };
}

const createChallenge = (challenge: string, headers: Record<string, string> = {}) =>
  new Response(null, { status: 401, headers: { 'www-authenticate': challenge, ...headers } });

const decodeProof = (call: Call | undefined) => decodeJwt(call?.init.headers.dpop ?? '');

describe('createResourceFetch', () => {
  test('adds the token, does not follow redirects, and replaces other credentials', async () => {
    const { calls, resourceFetch } = await setUp([]);
    await resourceFetch(`${api}/items?page=2`, {
      headers: { Authorization: 'Bearer other', DPoP: 'another-proof', accept: 'text/csv' },
    });
    expect(calls[0]?.init.headers).not.toHaveProperty('dpop');
    expect(calls[0]?.init.headers).toMatchObject({ authorization: 'Bearer token-1', accept: 'text/csv' });
    expect(calls[0]?.init.redirect).toBe('manual');
  });

  test('B1: sends the token to the listed origins only', async () => {
    const { calls, resourceFetch } = await setUp([]);
    for (const url of [
      'https://api.example.test.evil.test/',
      'https://evil.test/?a=https://api.example.test',
      'http://api.example.test/',
      'https://api.example.test:8443/',
      'https://api.example.test@evil.test/',
      'https://API.example.test.evil.test/',
    ]) {
      await expect(resourceFetch(url)).rejects.toMatchObject({
        name: 'ConfigurationError',
        code: 'invalid_option',
      });
    }
    expect(calls).toHaveLength(0);
  });

  for (const dpop of [false, true])
    test(`B1: sends the token by plain http to a listed origin only, with an https issuer (DPoP: ${dpop})`, async () => {
      const urls: string[] = [];
      const client = createClient({
        issuer: 'https://provider.example.test',
        clientId: 'web',
        ...(dpop && { dpop: { keyPair: await generateDpopKeyPair() } }),
        fetch: async (url) => {
          urls.push(url);
          return new Response('fine');
        },
      });
      const resourceFetch = createResourceFetch(client, {
        origins: ['http://api.internal:8080', api],
        getAccessToken: async () => ({ accessToken: 'token', tokenType: dpop ? 'DPoP' : 'Bearer' }),
      });
      expect(await (await resourceFetch('http://api.internal:8080/items')).text()).toBe('fine');
      for (const url of [
        'http://api.internal/items',
        'https://api.internal:8080/items',
        'http://api.example.test/items',
        'http://api.internal:8080@evil.test/',
        'http://localhost:8080/items',
        'http://127.0.0.1:8080/items',
        'ws://api.internal:8080/items',
      ])
        await expect(resourceFetch(url)).rejects.toMatchObject({
          name: 'ConfigurationError',
          code: 'invalid_option',
        });
      expect(urls).toEqual(['http://api.internal:8080/items']);
    });

  test('S60: discards a cloned 401 response without waiting for the other branch', async () => {
    const clones: Response[] = [];
    const rejected = new Response('{"error":"invalid_token"}', {
      status: 401,
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    });
    clones.push(rejected.clone());
    const { calls, resourceFetch } = await setUp([rejected]);
    expect(await (await resourceFetch(`${api}/items`)).text()).toBe('fine');
    expect(calls).toHaveLength(2);
    // Without a signal, React would return the previous response of this rendering.
    expect(calls[1]?.init.signal).toBeInstanceOf(AbortSignal);
    expect(clones[0]?.bodyUsed).toBe(false);
  });

  test('refreshes a rejected token and repeats the request once', async () => {
    const { calls, forceRefreshes, resourceFetch } = await setUp([
      createChallenge('Bearer error="invalid_token"'),
      createChallenge('Bearer error="invalid_token"'),
    ]);
    const response = await resourceFetch(`${api}/items`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(401);
    expect(forceRefreshes).toEqual([false, true]);
    expect(calls.map(({ init }) => init.body)).toEqual(['{}', '{}']);
  });

  test('sends a stream only once', async () => {
    const { calls, resourceFetch } = await setUp([createChallenge('Bearer error="invalid_token"')]);
    const body = new Blob(['x']).stream();
    const response = await resourceFetch(`${api}/items`, { method: 'POST', body });
    expect(response.status).toBe(401);
    expect(calls).toHaveLength(1);
  });

  test('returns a 403 response unchanged', async () => {
    const { calls, resourceFetch } = await setUp([
      new Response('no', {
        status: 403,
        headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="a b"' },
      }),
    ]);
    const response = await resourceFetch(`${api}/items`);
    expect(await response.text()).toBe('no');
    expect(parseStepUpChallenge(response)).toEqual({ scope: 'a b' });
    expect(calls).toHaveLength(1);
  });

  test('DPoP: sends a proof with each request, uses the nonce of the API, and repeats the request once', async () => {
    const nonce = { 'dpop-nonce': 'n1' };
    const { calls, resourceFetch } = await setUp(
      [createChallenge('dPoP error="use_dpop_nonce"', nonce)],
      true,
    );
    await resourceFetch(`${api}/items?x=1#y`);
    expect(calls).toHaveLength(2);
    expect(calls[1]?.init.headers.authorization).toBe('DPoP token-2');
    expect(decodeProof(calls[0])).toMatchObject({ htm: 'GET', htu: `${api}/items` });
    expect(decodeProof(calls[0])).not.toHaveProperty('nonce');
    expect(decodeProof(calls[1]).nonce).toBe('n1');
    expect(decodeProof(calls[1]).jti).not.toBe(decodeProof(calls[0]).jti);
    await resourceFetch(`${api}/more`);
    expect(decodeProof(calls[2]).nonce).toBe('n1');
  });

  test('S7: shares no state between two users', async () => {
    const { server } = await createHarness();
    const requests: string[] = [];
    const client = createClient({
      issuer: server.issuer,
      clientId: 'web',
      dpop: { keyPair: await generateDpopKeyPair() },
      fetch: async (_, init) => {
        const headers = init.headers as Record<string, string>;
        requests.push(
          `${headers.authorization} ${decodeProof({ url: '', init: { headers } as Call['init'] }).nonce}`,
        );
        return new Response('fine', { headers: { 'dpop-nonce': `nonce-for-${headers.authorization}` } });
      },
    });
    const createFetchFor = (user: string) =>
      createResourceFetch(client, {
        origins: [api],
        getAccessToken: async () => ({ accessToken: user, tokenType: 'DPoP' }),
      });
    const [alice, bob] = [createFetchFor('alice'), createFetchFor('bob')];
    await Promise.all([alice(`${api}/1`), bob(`${api}/1`)]);
    await Promise.all([alice(`${api}/2`), bob(`${api}/2`)]);
    expect(requests.slice(2).sort()).toEqual([
      'DPoP alice nonce-for-DPoP alice',
      'DPoP bob nonce-for-DPoP bob',
    ]);
  });

  test('rejects values that are not origins', async () => {
    const { server } = await createHarness();
    const client = createClient({ issuer: server.issuer, clientId: 'web' });
    for (const origin of [
      'api.example.test',
      '*',
      'https://api.example.test/v1',
      'https://*.example.test/x',
      'http://api.internal/v1',
      'ftp://api.example.test',
      'ws://api.example.test',
    ]) {
      expect(() =>
        createResourceFetch(client, { origins: [origin], getAccessToken: async () => ({}) as never }),
      ).toThrow(expect.objectContaining({ code: 'invalid_option' }));
    }
  });
});
