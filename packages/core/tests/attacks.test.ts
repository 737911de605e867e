import type { Lie } from '@countersign/testing';
import { describe, expect, test, vi } from 'vitest';
import {
  AuthError,
  type AuthEvent,
  clientSecretBasic,
  clientSecretPost,
  createAuthorizationRequest,
  createClient,
  createEndSessionUrl,
  exchangeCode,
  fetchUserinfo,
  none,
  refreshTokens,
  revokeToken,
  validateAuthorizationResponse,
} from '../src/index.ts';
import { randomToken } from '../src/internal/encoding.ts';
import { createHarness, expectRefusal, type Harness, redirectUri } from './conformance/harness.ts';

describe('C1: a refreshed ID token of another login is refused, and nothing is stored', () => {
  const lies: readonly (readonly [lie: Lie, check: string])[] = [
    ['id_token_sub_invalid', 'sub'],
    ['id_token_iss_invalid', 'iss'],
    ['id_token_aud_invalid', 'aud'],
    ['id_token_auth_time_changed', 'auth_time'],
    ['id_token_azp_foreign', 'azp'],
    ['id_token_nonce_invalid', 'nonce'],
  ];
  for (const [lie, check] of lies) {
    test(`C1: ${lie}`, async () => {
      const harness = await createHarness();
      await harness.logIn({ maxAge: 300 });
      harness.server.lies.add(lie);
      const refusal = { error: 'ValidationError', code: 'id_token_invalid', check } as const;
      await expectRefusal(harness, () => harness.refresh(), refusal, 'token');
    });
  }

  test('C1: an audience that was not there at login', async () => {
    const harness = await createHarness();
    await harness.logIn();
    const { claims } = harness.stored ?? {};
    const kept = { ...claims, aud: ['web', 'another'] } as never;
    const refreshToken = harness.stored?.refreshToken as string;
    await expect(refreshTokens(harness.client, refreshToken, { claims: kept })).rejects.toMatchObject({
      code: 'id_token_invalid',
      check: 'aud',
    });
  });
});

describe('C2: the signature of an ID token is always verified', () => {
  const lies: readonly (readonly [lie: Lie, check: string])[] = [
    ['id_token_signature_invalid', 'signature'],
    ['id_token_signature_missing', 'signature'],
    ['id_token_key_foreign', 'signature'],
    ['id_token_jwk_injected', 'signature'],
  ];
  for (const [lie, check] of lies) {
    test(`C2: ${lie}, at login and at refresh, for a public client too`, async () => {
      const harness = await createHarness({
        registration: { tokenEndpointAuthMethod: 'none' },
        client: { clientAuthentication: none() },
      });
      await harness.logIn();
      harness.server.lies.add(lie);
      const refusal = { error: 'ValidationError', code: 'id_token_invalid', check } as const;
      await expectRefusal(harness, () => harness.refresh(), refusal, 'token');
      await expectRefusal(harness, () => harness.logIn(), refusal, 'token');
    });
  }
});

test('C3: a refresh without an ID token keeps the old one', async () => {
  const harness = await createHarness({ server: { idTokenOnRefresh: false } });
  await harness.logIn();
  const { idToken, claims } = harness.stored ?? {};
  await harness.refresh();
  expect(idToken).toBeDefined();
  expect(harness.stored).toMatchObject({ idToken, claims });
});

test('C4: the rotated refresh token is the one that is used next, whichever way a token was asked for', async () => {
  const harness = await createHarness();
  await harness.logIn();
  for (let round = 0; round < 4; round++) await harness.refresh();
  const used = harness.server
    .requestsTo('token')
    .slice(1)
    .map(({ body }) => body.refresh_token);
  expect(new Set(used).size).toBe(4);
  expect(harness.server.requestsTo('token').every(({ status }) => status === 200)).toBe(true);
});

describe('C5: only invalid_grant ends a session', () => {
  test.each([
    ['503', { status: 503 }, { code: 'server_error', status: 503 }],
    [
      '500 with a body that says invalid_grant',
      json({ error: 'invalid_grant' }, 500),
      { code: 'server_error' },
    ],
    [
      '429 with Retry-After',
      { status: 429, headers: { 'retry-after': '7' } },
      { code: 'rate_limited', retryAfter: 7 },
    ],
    ['network', { network: true }, { code: 'network_error' }],
    ['a lost answer', { lose: true }, { code: 'network_error' }],
    ['invalid_client', json({ error: 'invalid_client' }, 401), { error: 'invalid_client' }],
    ['invalid_request', json({ error: 'invalid_request' }, 400), { error: 'invalid_request' }],
    [
      'temporarily_unavailable',
      json({ error: 'temporarily_unavailable' }, 400),
      { error: 'temporarily_unavailable' },
    ],
    [
      'HTML',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<p>Maintenance' },
      { code: 'token_response_invalid' },
    ],
    ['an empty 400', { status: 400 }, { code: 'token_response_invalid' }],
  ] as const)('C5: %s leaves it', async (_, failure, error) => {
    const harness = await createHarness();
    await harness.logIn();
    const before = harness.stored;
    harness.server.fail('token', failure);
    await expect(harness.refresh()).rejects.toMatchObject(error);
    expect(harness.stored).toBe(before);
  });

  test('C5: invalid_grant ends it', async () => {
    const harness = await createHarness();
    await harness.logIn();
    harness.server.endGrants();
    await expect(harness.refresh()).rejects.toMatchObject({
      name: 'LoginRequiredError',
      code: 'session_ended',
    });
    expect(harness.stored).toBeUndefined();
  });

  test('C5: Retry-After as a date is understood, and bounded', async () => {
    const harness = await createHarness();
    await harness.logIn();
    harness.server.clock.stop(Date.parse('2030-01-01T00:00:00Z'));
    for (const [value, expected] of [
      ['Tue, 01 Jan 2030 00:00:30 GMT', 30],
      ['Tue, 01 Jan 2020 00:00:00 GMT', 0],
      ['999999999', 86_400],
      ['soon', undefined],
      ['-5', undefined],
    ] as const) {
      harness.server.fail('token', { status: 503, headers: { 'retry-after': value } });
      const refreshToken = harness.stored?.refreshToken as string;
      const error = await refreshTokens(harness.client, refreshToken).catch((thrown: unknown) => thrown);
      expect(error, value).toMatchObject({ code: 'server_error' });
      expect((error as { retryAfter?: number }).retryAfter, value).toBe(expected);
    }
  });
});

describe('C6: mix-up, injection, downgrade, fixation (RFC 9700)', () => {
  async function started(harness: Harness) {
    const { url, transaction } = await createAuthorizationRequest(harness.client);
    return { transaction, parameters: (await harness.server.authorize(url)).parameters };
  }

  test('C6: the answer of another issuer is refused before its code is used', async () => {
    const harness = await createHarness({ lies: ['iss_of_another'] });
    const refusal = {
      error: 'ValidationError',
      code: 'authorization_response_invalid',
      check: 'iss',
    } as const;
    await expectRefusal(harness, () => harness.logIn(), refusal, 'authorization');
  });

  test('C6: iss is compared when it is there, advertised or not', async () => {
    const harness = await createHarness({ lies: ['iss_of_another', 'metadata_without_iss_parameter'] });
    await expect(harness.logIn()).rejects.toMatchObject({ check: 'iss' });
  });

  test('C6: an error answer with a wrong state is refused as such, and its text goes nowhere', async () => {
    const harness = await createHarness({ lies: ['state_invalid'] });
    harness.server.answerNext({ error: 'access_denied', errorDescription: '<script>' });
    await expect(harness.logIn()).rejects.toMatchObject({
      code: 'authorization_response_invalid',
      check: 'state',
    });
  });

  test('C6: a transaction of another provider or client answers nothing', async () => {
    const [one, two] = [
      await createHarness(),
      await createHarness({ server: { issuer: 'https://other.example' } }),
    ];
    const { parameters, transaction } = await started(two);
    await expect(validateAuthorizationResponse(one.client, parameters, transaction)).rejects.toMatchObject({
      code: 'transaction_invalid',
      check: 'issuer',
    });
    expect(one.calls()).toEqual([]);
  });

  test('C6: a transaction that is too old answers nothing', async () => {
    const harness = await createHarness();
    const { parameters, transaction } = await started(harness);
    harness.server.clock.advance(3601);
    await expect(
      validateAuthorizationResponse(harness.client, parameters, transaction),
    ).rejects.toMatchObject({
      code: 'transaction_invalid',
      check: 'expired',
    });
  });

  test('C6: a code of another login does not pass: the verifier is not its own', async () => {
    const harness = await createHarness();
    const [victim, attacker] = [await started(harness), await started(harness)];
    const injected = new URLSearchParams(victim.parameters);
    injected.set('code', attacker.parameters.get('code') as string);
    const response = await validateAuthorizationResponse(harness.client, injected, victim.transaction);
    await expect(exchangeCode(harness.client, response, victim.transaction)).rejects.toMatchObject({
      code: 'token_error',
      error: 'invalid_grant',
    });
  });

  test('C6: PKCE is never given up: plain alone is refused, silence is taken for S256', async () => {
    const plain = await createHarness({ lies: ['metadata_plain_pkce'] });
    await expect(createAuthorizationRequest(plain.client)).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'unsupported_by_provider',
    });
    const silent = await createHarness({ lies: ['metadata_without_pkce'] });
    const { url } = await createAuthorizationRequest(silent.client);
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
  });

  test('C6: what decides the security of a login cannot be given as a further parameter', async () => {
    const { client } = await createHarness();
    for (const name of [
      'state',
      'nonce',
      'redirect_uri',
      'code_challenge',
      'code_challenge_method',
      'request',
    ]) {
      await expect(createAuthorizationRequest(client, { parameters: { [name]: 'x' } })).rejects.toMatchObject(
        {
          name: 'ConfigurationError',
          code: 'invalid_option',
        },
      );
    }
  });

  test('C6: parameters that occur twice are refused', async () => {
    for (const lie of ['code_repeated', 'state_repeated'] as const) {
      const harness = await createHarness({ lies: [lie] });
      const refusal = {
        error: 'ValidationError',
        code: 'authorization_response_invalid',
        check: 'repeated',
      } as const;
      await expectRefusal(harness, () => harness.logIn(), refusal, 'authorization');
    }
  });

  test('C6: an answer without a code, and one of another flow, are refused', async () => {
    for (const lie of ['code_missing', 'response_with_id_token'] as const) {
      const harness = await createHarness({ lies: [lie] });
      await expect(harness.logIn()).rejects.toMatchObject({ code: 'authorization_response_invalid' });
      expect(harness.calls().at(-1)).toBe('authorization');
    }
  });
});

test('C7: no secret, code, verifier or token in any error, event or printed client', async () => {
  const secret = 'planted-client-secret';
  const events: AuthEvent[] = [];
  const harness = await createHarness({
    registration: { clientSecret: secret, tokenEndpointAuthMethod: 'client_secret_post' },
    client: { clientAuthentication: clientSecretPost(secret), onEvent: (event) => events.push(event) },
  });
  const { client, server } = harness;
  const secrets = new Set<string>([secret]);
  const told: unknown[] = [];
  const attempt = async (run: () => Promise<unknown>) => {
    await run().catch((error: unknown) => {
      expect(error).toBeInstanceOf(AuthError);
      told.push(error, (error as Error).cause, (error as Error).stack);
    });
    for (const { body, query } of server.requests) {
      for (const name of ['code', 'code_verifier', 'refresh_token', 'token', 'state', 'nonce']) {
        for (const value of [body[name], query[name]]) if (typeof value === 'string') secrets.add(value);
      }
    }
    for (const token of [harness.stored?.idToken, harness.stored?.accessTokens[0]?.accessToken]) {
      if (token) secrets.add(token);
    }
  };
  await attempt(() => harness.logIn());
  const lies: readonly Lie[] = [
    'id_token_iss_invalid',
    'id_token_nonce_invalid',
    'id_token_signature_invalid',
    'id_token_not_a_jwt',
    'state_invalid',
    'iss_invalid',
    'token_response_without_access_token',
    'access_token_object',
    'token_type_unknown',
    'userinfo_response_sub_invalid',
  ];
  for (const lie of lies) {
    server.lies.add(lie);
    await attempt(() => harness.logIn());
    await attempt(() => harness.refresh());
    server.lies.clear();
  }
  for (const failure of [
    json({ error: 'invalid_client', error_description: 'no' }, 401),
    { status: 302, headers: { location: 'https://attacker.example' } },
    { network: true },
  ] as const) {
    server.fail('token', failure);
    await attempt(() => harness.logIn());
  }
  await attempt(() => fetchUserinfo(client, 'planted-access-token', 'alice'));
  secrets.add('planted-access-token');
  server.fail('revocation', json({ error: 'unsupported_token_type' }, 400));
  await attempt(() => revokeToken(client, 'planted-refresh-token'));
  await attempt(() => createEndSessionUrl(client));
  const text = [...told, ...events, client].map((value) => print(value)).join('\n');
  expect(told.length).toBeGreaterThan(40);
  expect(secrets.size).toBeGreaterThan(40);
  for (const value of secrets) expect(text.includes(value), `"${value.slice(0, 6)}..." leaked`).toBe(false);
});

describe('C8: a redirect is an error, wherever it comes from', () => {
  const redirect = { status: 307, headers: { location: 'https://attacker.example/' } };
  const endpoints = ['discovery', 'token', 'jwks', 'userinfo', 'pushed_authorization_request'] as const;
  for (const endpoint of endpoints) {
    test(`C8: ${endpoint}`, async () => {
      const targets: string[] = [];
      const redirects: (RequestRedirect | undefined)[] = [];
      const harness = await createHarness({ client: { pushedAuthorizationRequests: 'always' } });
      const { server } = harness;
      const client = createClient({
        ...harness.client.options,
        clientAuthentication: clientSecretBasic('web-secret'),
        fetch: (url, init) => {
          targets.push(new URL(url).origin);
          redirects.push(init.redirect);
          return server.fetch(url, init);
        },
      });
      server.fail(endpoint, redirect);
      const flow = async () => {
        const { url, transaction } = await createAuthorizationRequest(client);
        const { parameters } = await server.authorize(url);
        const response = await validateAuthorizationResponse(client, parameters, transaction);
        const { accessToken } = await exchangeCode(client, response, transaction);
        await fetchUserinfo(client, accessToken, 'alice');
      };
      await expect(flow()).rejects.toMatchObject({ code: 'response_malformed', check: 'redirect' });
      expect(new Set(targets)).toEqual(new Set([server.issuer]));
      expect(new Set(redirects)).toEqual(new Set(['manual']));
    });
  }
});

describe('C9: what a provider may send', () => {
  const repeated = { code: 'response_malformed', check: 'json' };
  const answer = (body: string, type = 'application/json') => ({
    status: 200,
    headers: { 'content-type': type },
    body,
  });

  test('C9: a body without end is cut off', async () => {
    const harness = await createHarness({ client: { maxResponseBytes: 2048 } });
    let sent = 0;
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1024;
        controller.enqueue(new Uint8Array(1024).fill(0x20));
      },
      cancel() {
        cancelled = true;
      },
    });
    harness.server.fail('discovery', { status: 200, body: endless });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'response_malformed', check: 'size' });
    expect(sent).toBeLessThan(10_000);
    await vi.waitFor(() => expect(cancelled).toBe(true));
  });

  test('C9: a body that stalls, and a fetch that ignores its signal, end with a time-out', async () => {
    const stalled = await createHarness({ client: { timeout: 30 } });
    stalled.server.fail('discovery', {
      status: 200,
      body: new ReadableStream({ pull: () => new Promise(() => {}) }),
    });
    await expect(stalled.logIn()).rejects.toMatchObject({ name: 'TransportError', code: 'timeout' });
    const deaf = await createHarness({ client: { timeout: 30, fetch: () => new Promise(() => {}) } });
    await expect(deaf.logIn()).rejects.toMatchObject({ name: 'TransportError', code: 'timeout' });
  });

  test.each([
    ['repeated members', '{"access_token":"a","access_token":"b","token_type":"Bearer"}', 'application/json'],
    [
      'repeated members, deep',
      '{"access_token":"a","token_type":"Bearer","x":[{"a":1,"a":2}]}',
      'application/json',
    ],
    [
      'repeated members, spelt differently',
      '{"token_type":"Bearer","access_token":"a","\\u0061ccess_token":"b"}',
      'application/json',
    ],
    [
      'repeated members under another type',
      ' {"access_token":"a","access_token":"b","token_type":"Bearer"}',
      'text/plain',
    ],
    ['malformed JSON', '{"access_token":', 'application/json'],
    ['an array', '[]', 'application/json'],
    ['a number', '7', 'application/json'],
    ['null', 'null', 'application/json'],
    ['nothing', '', 'application/json'],
    ['HTML', '<!doctype html>', 'text/html'],
    ['UTF-16', '\ufeff\u0000{', 'application/json'],
  ])('C9: %s are refused with a typed error', async (name, body, type) => {
    const harness = await createHarness();
    harness.server.fail('token', answer(body, type));
    const refused = await harness.logIn().catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'ValidationError', ...(name.startsWith('repeated') && repeated) });
    expect(harness.stored).toBeUndefined();
  });

  test('C9: a long string and deep nesting are read without harm', async () => {
    const harness = await createHarness();
    const { logIn } = harness;
    harness.server.fail('token', answer(`{"access_token":"${'a'.repeat(1_000_000)}","token_type":"Bearer"}`));
    // It was read: only the ID token is missed.
    await expect(logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'id_token' });
    harness.server.fail('token', answer(`{"x":${'['.repeat(400_000)}${']'.repeat(400_000)}}`));
    await expect(logIn()).rejects.toBeInstanceOf(AuthError);
    harness.server.fail('token', answer(`{"x":"${'\\\\'.repeat(200_000)}"}`));
    await expect(logIn()).rejects.toBeInstanceOf(AuthError);
  });

  test.each([
    ['token_response_without_access_token', 'access_token'],
    ['token_response_without_token_type', 'token_type'],
    ['token_type_unknown', 'token_type'],
    ['token_type_dpop', 'token_type'],
    ['access_token_object', 'access_token'],
    ['refresh_token_empty', 'refresh_token'],
    ['expires_in_negative', 'expires_in'],
    ['scope_list', 'scope'],
  ] as const)('C9: %s is refused', async (lie, check) => {
    const harness = await createHarness({ lies: [lie] });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'token_response_invalid', check });
    expect(harness.stored).toBeUndefined();
  });

  test('C9: no ID token where one was asked for is refused', async () => {
    const harness = await createHarness({ lies: ['token_response_without_id_token'] });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'id_token' });
  });

  test('C9: claims named like members of every object change nothing', async () => {
    const harness = await createHarness({ lies: ['id_token_prototype_claims'] });
    const { claims } = await harness.logIn();
    expect(Object.getPrototypeOf(claims)).toBe(Object.prototype);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
    expect((claims as { admin?: unknown }).admin).toBeUndefined();
    expect(Object.keys(structuredClone(harness.stored?.claims) ?? {})).toContain('sub');
  });

  test('C9: metadata that points elsewhere than the web is refused', async () => {
    for (const [lie, check] of [
      ['metadata_endpoint_script', 'authorization_endpoint'],
      ['metadata_endpoint_insecure', 'token_endpoint'],
      ['metadata_issuer_slash', 'issuer'],
      ['metadata_issuer_missing', 'issuer'],
    ] as const) {
      const harness = await createHarness({ lies: [lie] });
      const refusal = { error: 'ValidationError', code: 'metadata_invalid', check } as const;
      await expectRefusal(harness, () => harness.logIn(), refusal, 'discovery');
    }
  });

  test('C9: keys that are no key set are refused', async () => {
    const malformed = await createHarness({ lies: ['jwks_malformed'] });
    await expect(malformed.logIn()).rejects.toMatchObject({ code: 'keys_invalid', check: 'jwks' });
    const empty = await createHarness({ lies: ['jwks_empty'] });
    await expect(empty.logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'kid' });
  });
});

describe('C10: random values', () => {
  test('C10: 256 bits, every symbol of the alphabet equally likely, none twice', () => {
    const values = Array.from({ length: 2000 }, randomToken);
    expect(new Set(values).size).toBe(values.length);
    const counts = new Map<string, number>();
    for (const value of values) {
      expect(value).toMatch(/^[\w-]{43}$/);
      // The last symbol carries four bits only.
      for (const symbol of value.slice(0, 42)) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
    }
    expect(counts.size).toBe(64);
    const mean = (values.length * 42) / 64;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    // 63 degrees of freedom: beyond 150 lies less than one in a hundred million.
    expect(chiSquare).toBeLessThan(150);
  });

  test('C10: they come from the generator of the platform, and Math.random is never asked', async () => {
    const weak = vi.spyOn(Math, 'random').mockImplementation(() => {
      throw new Error('weak');
    });
    const { client } = await createHarness();
    const one = await createAuthorizationRequest(client, { redirectUri });
    const two = await createAuthorizationRequest(client, { redirectUri });
    weak.mockRestore();
    for (const name of ['state', 'nonce', 'codeVerifier'] as const) {
      expect(one.transaction[name]).toMatch(/^[\w-]{43}$/);
      expect(one.transaction[name]).not.toBe(two.transaction[name]);
    }
  });
});

function json(body: object, status: number) {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** Everything that a careless logger would see. */
function print(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  const own = Object.fromEntries(
    Object.getOwnPropertyNames(value).map((name) => [name, (value as never)[name]]),
  );
  return `${String((value as Error).message ?? '')} ${JSON.stringify(own, (_, member) => (typeof member === 'function' ? undefined : member))}`;
}
