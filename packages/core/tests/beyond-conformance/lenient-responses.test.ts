import { describe, expect, test } from 'vitest';
import {
  clientSecretBasic,
  fetchUserinfo,
  introspectToken,
  refreshTokens,
  revokeToken,
  TransportError,
} from '../../src/index.ts';
import { createRespondingClient } from '../fuzz/random-response.ts';
import { createHarness, type Harness } from '../support/client/harness.ts';

const createJsonResponse = (members: object, type = 'application/json', status = 200) =>
  new Response(JSON.stringify(members), { status, headers: { 'content-type': type } });

describe('a member of a token response', () => {
  const tokens = { access_token: 'a', token_type: 'Bearer' };
  const refresh = (respond: () => Response) =>
    refreshTokens(createRespondingClient(respond).client, 'r', { grantedScopes: ['openid', 'items'] });

  test.each([null, ''])('is absent if its value is %j', async (value) => {
    const absent = { refresh_token: value, id_token: value, expires_in: value };
    const received = await refresh(() => createJsonResponse({ ...tokens, ...absent, scope: null }));
    expect(received).toEqual({ accessToken: 'a', tokenType: 'Bearer', scopes: ['openid', 'items'] });
    await expect(refresh(() => createJsonResponse({ ...tokens, token_type: value }))).rejects.toMatchObject({
      code: 'token_response_invalid',
      check: 'token_type',
    });
    await expect(refresh(() => createJsonResponse({ ...tokens, access_token: value }))).rejects.toMatchObject(
      {
        code: 'token_response_invalid',
        check: 'access_token',
      },
    );
  });

  test.each([0, '0', 0.5])('"expires_in" is absent if its value is %j', async (value) => {
    const received = await refresh(() => createJsonResponse({ ...tokens, expires_in: value }));
    expect(received).not.toHaveProperty('expiresAt');
    await expect(refresh(() => createJsonResponse({ ...tokens, expires_in: -1 }))).rejects.toMatchObject({
      check: 'expires_in',
    });
  });

  test('"scope" may be empty or a list', async () => {
    expect((await refresh(() => createJsonResponse({ ...tokens, scope: '' }))).scopes).toEqual([]);
    expect((await refresh(() => createJsonResponse({ ...tokens, scope: [] }))).scopes).toEqual([]);
    expect((await refresh(() => createJsonResponse({ ...tokens, scope: ['a', 'b'] }))).scopes).toEqual([
      'a',
      'b',
    ]);
    for (const scope of [[7], { a: 1 }, 7]) {
      await expect(refresh(() => createJsonResponse({ ...tokens, scope }))).rejects.toMatchObject({
        check: 'scope',
      });
    }
  });

  test('is read from JSON or a form, regardless of the content type', async () => {
    for (const type of ['text/plain', 'text/html', 'Application/JSON', 'application/problem+json']) {
      expect(
        await refresh(() => createJsonResponse({ ...tokens, token_type: 'bEARER' }, type)),
      ).toMatchObject({
        accessToken: 'a',
      });
    }
    const form = 'access_token=a&scope=x%2Cy&token_type=bearer';
    for (const type of ['text/plain', 'application/json', 'application/json; charset=utf-8']) {
      const headers = { 'content-type': type };
      expect(await refresh(() => new Response(form, { headers }))).toMatchObject({
        accessToken: 'a',
        scopes: ['x,y'],
      });
      const error = 'error=invalid_grant&error_description=expired';
      await expect(refresh(() => new Response(error, { headers, status: 400 }))).rejects.toMatchObject({
        error: 'invalid_grant',
        rejection: { kind: 'login_ended' },
      });
    }
    await expect(refresh(() => new Response(`${form}&access_token=b`))).rejects.toMatchObject({
      name: 'ValidationError',
    });
  });
});

test('"expires_in" may be a text', async () => {
  const { client, countRequests } = createRespondingClient(() =>
    createJsonResponse({ access_token: 'a', token_type: 'Bearer', expires_in: '600' }),
  );
  const { expiresAt = 0 } = await refreshTokens(client, 'r');
  expect(Math.abs(expiresAt - Date.now() / 1000 - 600)).toBeLessThan(60);
  expect(countRequests()).toBe(1);
});

test('the case of the content type has no meaning (RFC 9110 section 8.3.1)', async () => {
  const types: (string | null)[] = [];
  const harness: Harness = await createHarness({
    registration: { userinfoSignedResponseAlg: 'RS256', introspectionSignedResponseAlg: 'RS256' },
    client: {
      userinfoSignedResponseAlg: 'RS256',
      introspectionSignedResponseAlg: 'RS256',
      fetch: async (url, init) => {
        const response = await harness.server.fetch(url, init);
        const type = response.headers.get('content-type')?.toUpperCase();
        if (type !== undefined) response.headers.set('content-type', `${type} ; charset=UTF-8`);
        types.push(response.headers.get('content-type'));
        return response;
      },
    },
  });
  const { accessToken } = await harness.logIn();
  expect(harness.userinfo).toMatchObject({ sub: 'alice' });
  expect(await introspectToken(harness.client, accessToken)).toMatchObject({ active: true });
  for (const type of ['JSON', 'JWT', 'TOKEN-INTROSPECTION+JWT'])
    expect(types).toContain(`APPLICATION/${type} ; charset=UTF-8`);
});

describe('a claim that is null is absent', () => {
  const names = ['azp', 'nbf', 'auth_time', 'acr', 'nickname'];

  test('in the ID tokens of a login and a refresh, whose signature is verified', async () => {
    const harness = await createHarness({ faults: ['id_token_claims_null'] });
    const { claims, idToken } = await harness.logIn();
    expect(claims).toMatchObject({ sub: 'alice' });
    for (const name of names) expect(claims).not.toHaveProperty(name);
    await harness.refresh();
    expect(harness.stored?.idToken).not.toBe(idToken);
    for (const fault of [
      'id_token_signature_invalid',
      'id_token_key_foreign',
      'id_token_alg_none',
    ] as const) {
      harness.server.faults.clear();
      harness.server.faults.add('id_token_claims_null').add(fault);
      await expect(harness.logIn()).rejects.toMatchObject({ code: 'id_token_invalid' });
    }
  });

  test('in plain and signed userinfo', async () => {
    const plain = await createHarness({ faults: ['userinfo_response_null_members'] });
    await plain.logIn();
    expect(plain.userinfo).toMatchObject({ sub: 'alice' });
    expect(plain.userinfo).not.toHaveProperty('nickname');
    const signed = await createHarness({
      faults: ['userinfo_claims_null'],
      registration: { userinfoSignedResponseAlg: 'RS256' },
      client: { userinfoSignedResponseAlg: 'RS256' },
    });
    await signed.logIn();
    for (const name of names) expect(signed.userinfo).not.toHaveProperty(name);
    signed.server.faults.add('userinfo_signature_invalid');
    await expect(signed.logIn()).rejects.toMatchObject({ code: 'userinfo_invalid', check: 'signature' });
  });
});

describe('the body of a response', () => {
  test.each([
    ['an empty body with the content type JSON', '', 200],
    ['HTML with the content type JSON', '<p>ok', 200],
    ['malformed JSON', '{"', 200],
    ['a list', '[]', 200],
    ['no content', null, 204],
  ])('is ignored for a successful revocation: %s (RFC 7009 section 2.2)', async (_, body, status) => {
    const respond = () => new Response(body, { status, headers: { 'content-type': 'application/json' } });
    await revokeToken(createRespondingClient(respond).client, 'token');
  });

  test('leads to an error for a rejected revocation', async () => {
    for (const respond of [
      () => createJsonResponse({ error: 'unsupported_token_type' }, 'application/json', 400),
      () => new Response(null, { status: 401 }),
      () => new Response(null, { status: 503 }),
    ])
      await expect(revokeToken(createRespondingClient(respond).client, 'token')).rejects.toThrow();
  });

  test.each([
    ['no challenge', undefined, 401, 'invalid_token'],
    ['a malformed challenge', '"', 401, 'invalid_token'],
    ['an empty challenge', '', 401, 'invalid_token'],
    ['a challenge without error', 'Bearer', 401, 'invalid_token'],
    ['a challenge', 'Bearer error="insufficient_scope"', 403, 'insufficient_scope'],
    ['no challenge and 403', undefined, 403, ''],
    ['no challenge and 404', undefined, 404, ''],
  ])(
    'is not required: the error of a userinfo response with %s contains the status',
    async (_, challenge, status, error) => {
      const headers = challenge === undefined ? {} : { 'www-authenticate': challenge };
      const { client } = createRespondingClient(() => new Response('x', { status, headers }));
      await expect(fetchUserinfo(client, 'token', 'alice')).rejects.toMatchObject({
        name: 'AuthorizationServerError',
        code: 'endpoint_error',
        status,
        error,
      });
    },
  );
});

test('client_secret_basic encodes all characters except letters, digits, - _ . and *', async () => {
  const authorizationHeaders: (string | null)[] = [];
  const { client } = createRespondingClient(() => createJsonResponse({}), {
    clientId: 'my-app_1.x*',
    clientAuthentication: clientSecretBasic("sec-ret_1.x*~!'() :%&=+é"),
    fetch: async (_, init) => {
      authorizationHeaders.push(new Headers(init.headers).get('authorization'));
      return createJsonResponse({ access_token: 'a', token_type: 'Bearer' });
    },
  });
  await refreshTokens(client, 'r');
  const credentials = atob(authorizationHeaders[0]?.replace('Basic ', '') ?? '');
  expect(credentials).toBe('my-app_1.x*:sec-ret_1.x*%7E%21%27%28%29+%3A%25%26%3D%2B%C3%A9');
});

test.each([
  ['the name resolution', { cause: { code: 'ENOTFOUND' } }, 'ENOTFOUND'],
  ['TLS', { cause: { code: 'CERT_HAS_EXPIRED' } }, 'CERT_HAS_EXPIRED'],
  ['several addresses', { cause: { errors: [{ code: 'ECONNREFUSED' }] } }, 'ECONNREFUSED'],
  ['the headers', { cause: { code: 'UND_ERR_HEADERS_OVERFLOW' } }, 'UND_ERR_HEADERS_OVERFLOW'],
  ['a runtime without causes', { code: 'ConnectionRefused' }, 'ConnectionRefused'],
  ['a code that is not a word', { cause: { code: 'secret in a text' } }, undefined],
])('a network error names the code of %s', async (_, properties, code) => {
  const { client } = createRespondingClient(() => {
    throw Object.assign(new TypeError('fetch failed: secret'), properties);
  });
  const error = await refreshTokens(client, 'r').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TransportError);
  const { message } = error as Error;
  expect(message).toBe(
    `${client.issuer}/token could not be reached${code === undefined ? '' : ` (${code})`}`,
  );
});

test('the error of a code exchange without an OAuth error contains the status', async () => {
  const harness = await createHarness();
  harness.server.fail('token', { status: 403, body: '<p>Forbidden' });
  await expect(harness.logIn()).rejects.toMatchObject({
    name: 'AuthorizationServerError',
    code: 'token_error',
    error: '',
    status: 403,
  });
});
