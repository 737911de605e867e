import { base64url, CompactSign, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  type AuthEvent,
  type AuthorizationTransaction,
  createAuthorizationRequest,
  createClient,
  fetchUserinfo,
  introspectToken,
  refreshTokens,
  validateAuthorizationResponse,
  validateLogoutToken,
} from '../../src/index.ts';
import { issuer, metadata } from '../fuzz/random-response.ts';
import { origin } from '../support/resource-server/start-dpop.ts';
import { audience, startVerifier } from '../support/resource-server/start-verifier.ts';
import { weakKeys } from '../support/weak-keys.ts';

const { privateKey, publicKey } = await generateKeyPair('RS256');
const goodKey = { ...(await exportJWK(publicKey)), kid: 'good' };
const sign = (header: object, text: string) =>
  new CompactSign(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: 'RS256', kid: 'good', ...header })
    .sign(privateKey);

/** Several unusable keys before the valid one. */
const keySet = {
  keys: [
    ...weakKeys.map(({ jwk, kid }) => ({ ...jwk, kid })),
    { kty: 'RSA', kid: 7 },
    { kty: 5 },
    { ...goodKey, key_ops: 5 },
    goodKey,
  ],
};

const readSeconds = () => Math.floor(Date.now() / 1000);
const createClaims = () => ({
  iss: issuer,
  sub: 'alice',
  aud: 'web',
  iat: readSeconds(),
  exp: readSeconds() + 60,
});

function createRespondingClient(response: object, options: object = {}) {
  return createClient({
    issuer,
    clientId: 'web',
    redirectUri: 'https://app.example.test/callback',
    metadata,
    retries: 0,
    fetch: async (url) => {
      if (url.endsWith('/jwks')) return Response.json(keySet);
      return response instanceof Response ? response : Response.json(response);
    },
    ...options,
  });
}

const createTransaction = (): AuthorizationTransaction => ({
  issuer,
  clientId: 'web',
  redirectUri: 'https://app.example.test/callback',
  state: 's',
  codeVerifier: 'v',
  scope: 'openid',
  createdAt: readSeconds(),
});

describe.each(weakKeys)('A1: rejects a signature by a key with $name', (weakKey) => {
  const signWeakly = weakKey.sign;
  const signWell = (header: object, claims: object) => sign(header, JSON.stringify(claims));
  const respondWithJwt = (type: string, jwt: string) =>
    new Response(jwt, { headers: { 'content-type': `application/${type}` } });

  test.each([
    ['fetched', { jwksUri: `${issuer}/jwks`, fetch: async () => Response.json(keySet) }],
    ['static', { jwks: keySet }],
  ] as const)('at a resource server with %s keys', async (_, options) => {
    const { verifier } = await startVerifier({ issuer, ...options } as never);
    const tokenClaims = { ...createClaims(), aud: audience, client_id: 'web', jti: 'j' };
    await expect(
      verifier.verifyToken(await signWeakly({ typ: 'at+jwt' }, tokenClaims)),
    ).rejects.toMatchObject({ code: 'invalid_token' });
    const validToken = await signWell({ typ: 'at+jwt' }, tokenClaims);
    await expect(verifier.verifyToken(validToken)).resolves.toMatchObject({ sub: 'alice' });
  });

  test('in a DPoP proof', async () => {
    const { server, verifier } = await startVerifier({ dpop: { origin } });
    const { jwk } = weakKey;
    const token = await server.mintAccessToken({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
    const proof = await signWeakly(
      { typ: 'dpop+jwt', jwk, kid: undefined },
      {
        jti: 'j',
        htm: 'GET',
        htu: `${origin}/items`,
        iat: Math.floor(server.clock.now() / 1000),
        ath: base64url.encode(new Uint8Array(digest)),
      },
    );
    const request = {
      method: 'GET',
      url: '/items',
      headers: { authorization: `DPoP ${token}`, dpop: proof },
    };
    await expect(verifier.verify(request)).rejects.toMatchObject({
      code: 'invalid_dpop_proof',
      message: 'The key of the DPoP proof is not accepted',
    });
  });

  test('in ID tokens of a client', async () => {
    const createTokenResponse = (id_token: string) => ({ access_token: 'a', token_type: 'Bearer', id_token });
    // Without a matching key, a refresh succeeds without the ID token.
    const events: AuthEvent[] = [];
    const forged = await refreshTokens(
      createRespondingClient(createTokenResponse(await signWeakly({}, createClaims())), {
        onEvent: (event: AuthEvent) => events.push(event),
      }),
      'r',
    );
    expect(events).toContainEqual(expect.objectContaining({ type: 'id_token.ignored', check: 'kid' }));
    expect(forged).not.toHaveProperty('claims');
    const good = await refreshTokens(
      createRespondingClient(createTokenResponse(await signWell({}, createClaims()))),
      'r',
    );
    expect(good.claims).toMatchObject({ sub: 'alice' });
  });

  test('in logout tokens of a client', async () => {
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const logout = { ...createClaims(), jti: 'j', events };
    await expect(
      validateLogoutToken(createRespondingClient({}), await signWeakly({}, logout)),
    ).rejects.toMatchObject({ code: 'logout_token_invalid', check: 'kid' });
    await expect(
      validateLogoutToken(createRespondingClient({}), await signWell({}, logout)),
    ).resolves.toMatchObject({ sub: 'alice' });
  });

  test('in JARM responses', async () => {
    const claims = { ...createClaims(), code: 'c', state: 's' };
    const validate = (response: string) =>
      validateAuthorizationResponse(
        createRespondingClient({}, { responseMode: 'jwt' }),
        new URLSearchParams({ response }),
        createTransaction(),
      );
    await expect(validate(await signWeakly({}, claims))).rejects.toMatchObject({
      code: 'authorization_response_invalid',
      check: 'kid',
    });
    expect((await validate(await signWell({}, claims))).parameters.get('code')).toBe('c');
  });

  test('in userinfo responses', async () => {
    const fetchSigned = (jwt: string) =>
      fetchUserinfo(
        createRespondingClient(respondWithJwt('jwt', jwt), { userinfoSignedResponseAlg: 'RS256' }),
        'a',
        'alice',
      );
    await expect(fetchSigned(await signWeakly({}, createClaims()))).rejects.toMatchObject({
      code: 'userinfo_invalid',
      check: 'kid',
    });
    await expect(fetchSigned(await signWell({}, createClaims()))).resolves.toMatchObject({ sub: 'alice' });
  });

  test('in introspection responses', async () => {
    const typ = 'token-introspection+jwt';
    const claims = { ...createClaims(), token_introspection: { active: true, sub: 'alice' } };
    const introspectSigned = (jwt: string) =>
      introspectToken(
        createRespondingClient(respondWithJwt(typ, jwt), { introspectionSignedResponseAlg: 'RS256' }),
        'a',
      );
    await expect(introspectSigned(await signWeakly({ typ }, claims))).rejects.toMatchObject({
      code: 'introspection_invalid',
      check: 'kid',
    });
    await expect(introspectSigned(await signWell({ typ }, claims))).resolves.toMatchObject({ active: true });
  });
});

describe('C11: metadata members of a wrong type', () => {
  test.each([{}, 5, 'S256', true, null])('are ignored: PKCE methods that are %j', async (methods) => {
    const invalidMetadata = { ...metadata, code_challenge_methods_supported: methods } as never;
    const discovered = createRespondingClient(invalidMetadata, { metadata: undefined });
    for (const client of [createRespondingClient({}, { metadata: invalidMetadata }), discovered]) {
      const { url } = await createAuthorizationRequest(client);
      expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    }
    // The resource server reads the same document.
    const { verifier } = await startVerifier({
      issuer,
      fetch: async (url) => Response.json(url.endsWith('/jwks') ? keySet : invalidMetadata),
    });
    const tokenClaims = { ...createClaims(), aud: audience, client_id: 'web', jti: 'j' };
    const token = await sign({ typ: 'at+jwt' }, JSON.stringify(tokenClaims));
    await expect(verifier.verifyToken(token)).resolves.toMatchObject({ sub: 'alice' });
  });
});

describe('JARM with a repeated member', () => {
  const validate = async (repeated: string) => {
    const text = `${JSON.stringify({ ...createClaims(), code: 'c', state: 's' }).slice(0, -1)},${repeated}}`;
    const parameters = new URLSearchParams({ response: await sign({}, text) });
    return validateAuthorizationResponse(
      createRespondingClient({}, { responseMode: 'jwt' }),
      parameters,
      createTransaction(),
    );
  };

  test('is accepted if both values are equal, as Keycloak writes `iss`', async () => {
    const { parameters } = await validate(`"iss":"${issuer}"`);
    expect(parameters.get('code')).toBe('c');
  });

  test.each(['"iss":"https://evil.example"', '"code":"d"', '"\\u0063ode":"d"', '"aud":["web"]'])(
    'is rejected if the values differ: %s',
    async (repeated) => {
      await expect(validate(repeated)).rejects.toMatchObject({
        code: 'authorization_response_invalid',
        check: 'json',
      });
    },
  );
});
