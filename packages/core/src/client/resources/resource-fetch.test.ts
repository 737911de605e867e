import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import { createHarness } from '../../../tests/conformance/harness.ts';
import { createClient, createResourceFetch, generateDpopKeyPair, parseStepUpChallenge } from '../../index.ts';
import { parseChallenges } from './challenges.ts';

const api = 'https://api.example.test';

interface Call {
  readonly url: string;
  readonly init: RequestInit & { headers: Record<string, string> };
}

/** An API that gives the prepared answers in order. */
async function setUp(answers: Response[], dpop = false) {
  const calls: Call[] = [];
  const { server } = await createHarness();
  const client = createClient({
    issuer: server.issuer,
    clientId: 'web',
    ...(dpop && { dpop: { keyPair: await generateDpopKeyPair() } }),
    fetch: async (url, init) => {
      calls.push({ url, init: init as Call['init'] });
      return answers.shift() ?? new Response('fine');
    },
  });
  const asked: boolean[] = [];
  const resourceFetch = createResourceFetch(client, {
    origins: [api],
    getAccessToken: async ({ forceRefresh }) => {
      asked.push(forceRefresh);
      return { accessToken: `token-${asked.length}`, tokenType: dpop ? 'DPoP' : 'Bearer' };
    },
  });
  return { calls, asked, resourceFetch };
}

const refused = (challenge: string, headers: Record<string, string> = {}) =>
  new Response(null, { status: 401, headers: { 'www-authenticate': challenge, ...headers } });

const proofOf = (call: Call | undefined) => decodeJwt(call?.init.headers.dpop ?? '');

describe('a fetch for an API', () => {
  test('adds the token, follows no redirect, and replaces credentials of others', async () => {
    const { calls, resourceFetch } = await setUp([]);
    await resourceFetch(`${api}/items?page=2`, {
      headers: { Authorization: 'Bearer other', DPoP: 'a-proof-of-another', accept: 'text/csv' },
    });
    expect(calls[0]?.init.headers).not.toHaveProperty('dpop');
    expect(calls[0]?.init.headers).toMatchObject({ authorization: 'Bearer token-1', accept: 'text/csv' });
    expect(calls[0]?.init.redirect).toBe('manual');
  });

  test('B1: sends the token to no other origin', async () => {
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

  test('S60: a refusal that a framework has cloned is discarded without waiting for the other branch', async () => {
    const clones: Response[] = [];
    const refusal = new Response('{"error":"invalid_token"}', {
      status: 401,
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    });
    clones.push(refusal.clone());
    const { calls, resourceFetch } = await setUp([refusal]);
    expect(await (await resourceFetch(`${api}/items`)).text()).toBe('fine');
    expect(calls).toHaveLength(2);
    // A repetition without a signal would be answered from React's memory of this rendering.
    expect(calls[1]?.init.signal).toBeInstanceOf(AbortSignal);
    expect(clones[0]?.bodyUsed).toBe(false);
  });

  test('a refused token is renewed once, and the request made once more', async () => {
    const { calls, asked, resourceFetch } = await setUp([
      refused('Bearer error="invalid_token"'),
      refused('Bearer error="invalid_token"'),
    ]);
    const response = await resourceFetch(`${api}/items`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(401);
    expect(asked).toEqual([false, true]);
    expect(calls.map(({ init }) => init.body)).toEqual(['{}', '{}']);
  });

  test('a body that can be read once is sent once', async () => {
    const { calls, resourceFetch } = await setUp([refused('Bearer error="invalid_token"')]);
    const body = new Blob(['x']).stream();
    const response = await resourceFetch(`${api}/items`, { method: 'POST', body });
    expect(response.status).toBe(401);
    expect(calls).toHaveLength(1);
  });

  test('403 and a challenge without an error are handed back as they are', async () => {
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

  test('DPoP: a proof for each request, the nonce of the API, and one retry', async () => {
    const nonce = { 'dpop-nonce': 'n1' };
    const { calls, resourceFetch } = await setUp([refused('dPoP error="use_dpop_nonce"', nonce)], true);
    await resourceFetch(`${api}/items?x=1#y`);
    expect(calls).toHaveLength(2);
    expect(calls[1]?.init.headers.authorization).toBe('DPoP token-2');
    expect(proofOf(calls[0])).toMatchObject({ htm: 'GET', htu: `${api}/items` });
    expect(proofOf(calls[0])).not.toHaveProperty('nonce');
    expect(proofOf(calls[1]).nonce).toBe('n1');
    expect(proofOf(calls[1]).jti).not.toBe(proofOf(calls[0]).jti);
    await resourceFetch(`${api}/more`);
    expect(proofOf(calls[2]).nonce).toBe('n1');
  });

  test('S7: nothing is shared between the fetches of two users', async () => {
    const { server } = await createHarness();
    const seen: string[] = [];
    const client = createClient({
      issuer: server.issuer,
      clientId: 'web',
      dpop: { keyPair: await generateDpopKeyPair() },
      fetch: async (_, init) => {
        const headers = init.headers as Record<string, string>;
        seen.push(
          `${headers.authorization} ${proofOf({ url: '', init: { headers } as Call['init'] }).nonce}`,
        );
        return new Response('fine', { headers: { 'dpop-nonce': `nonce-for-${headers.authorization}` } });
      },
    });
    const of = (user: string) =>
      createResourceFetch(client, {
        origins: [api],
        getAccessToken: async () => ({ accessToken: user, tokenType: 'DPoP' }),
      });
    const [alice, bob] = [of('alice'), of('bob')];
    await Promise.all([alice(`${api}/1`), bob(`${api}/1`)]);
    await Promise.all([alice(`${api}/2`), bob(`${api}/2`)]);
    expect(seen.slice(2).sort()).toEqual(['DPoP alice nonce-for-DPoP alice', 'DPoP bob nonce-for-DPoP bob']);
  });

  test('origins are origins', async () => {
    const { server } = await createHarness();
    const client = createClient({ issuer: server.issuer, clientId: 'web' });
    for (const origin of [
      'api.example.test',
      '*',
      'https://api.example.test/v1',
      'https://*.example.test/x',
    ]) {
      expect(() =>
        createResourceFetch(client, { origins: [origin], getAccessToken: async () => ({}) as never }),
      ).toThrow(expect.objectContaining({ code: 'invalid_option' }));
    }
  });
});

describe('step-up (RFC 9470)', () => {
  const read = (header: string) => parseStepUpChallenge(new Headers({ 'www-authenticate': header }));

  test('reads what the API asks for', () => {
    expect(
      read(
        'Bearer error="insufficient_user_authentication", error_description="more", acr_values="silver gold", max_age="5"',
      ),
    ).toEqual({ acrValues: ['silver', 'gold'], maxAge: 5 });
    expect(
      read('Basic realm="x", DPoP algs="ES256", error="insufficient_user_authentication", max_age=0'),
    ).toEqual({
      maxAge: 0,
    });
  });

  test('asks for nothing otherwise', () => {
    for (const header of [
      'Bearer',
      'Bearer error="invalid_token"',
      'Negotiate abc==',
      '"',
      'Bearer error=',
    ]) {
      expect(read(header)).toBeUndefined();
    }
    expect(parseStepUpChallenge(new Headers())).toBeUndefined();
    expect(read('Bearer error="insufficient_user_authentication", max_age="-1"')).toEqual({});
  });

  test('the login that satisfies it is checked for it', async () => {
    const harness = await createHarness();
    const stepUp = read('Bearer error="insufficient_user_authentication", acr_values="gold", max_age="60"');
    harness.server.clock.advance(100);
    const tokens = await harness.logIn(stepUp);
    expect(tokens.claims).toMatchObject({ acr: 'gold', auth_time: expect.any(Number) });
    harness.server.lies.add('id_token_acr_other');
    await expect(harness.logIn(stepUp)).rejects.toMatchObject({ code: 'id_token_invalid', check: 'acr' });
  });
});

describe('parseChallenges', () => {
  test('several challenges, quoted text, token68', () => {
    expect(
      parseChallenges('Bearer realm="a, \\"b\\" c", Negotiate dG9rZW4=, DPoP algs="ES256 RS256",error=x'),
    ).toEqual([
      { scheme: 'bearer', parameters: { realm: 'a, "b" c' } },
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'dpop', parameters: { algs: 'ES256 RS256', error: 'x' } },
    ]);
  });

  test('names like those of every object are names and nothing else', () => {
    const [challenge] = parseChallenges('Bearer __proto__="x", constructor=y');
    expect(Object.keys(challenge?.parameters ?? {})).toEqual(['__proto__', 'constructor']);
  });
});
