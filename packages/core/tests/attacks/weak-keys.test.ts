import { base64url, CompactSign, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import { resolveOptions } from '../../src/browser/options.ts';
import { validateIdToken } from '../../src/browser/wire/verify-id-token.ts';
import {
  type AuthorizationTransaction,
  createAuthorizationRequest,
  createClient,
  refreshTokens,
  validateAuthorizationResponse,
  validateLogoutToken,
} from '../../src/index.ts';
import { issuer, metadata } from '../fuzz/random-response.ts';
import { origin } from '../support/resource-server/start-dpop.ts';
import { audience, startVerifier } from '../support/resource-server/start-verifier.ts';

const encode = (value: object) => base64url.encode(JSON.stringify(value));
const parseHex = (hex: string) =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** A key of 2,048 bits with the exponent 1: the signature of a text is its padded hash. */
const weakKey = { kty: 'RSA', kid: 'weak', e: 'AQ', n: base64url.encode(new Uint8Array(256).fill(0xff)) };

/** Creates a signature that the weak key verifies, without a private key (RFC 8017 section 9.2). */
async function forge(header: object, claims: object): Promise<string> {
  const data = `${encode({ alg: 'RS256', kid: 'weak', ...header })}.${encode(claims)}`;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(data)));
  const info = parseHex('3031300d060960864801650304020105000420');
  const padding = new Uint8Array(256 - 3 - info.length - digest.length).fill(0xff);
  return `${data}.${base64url.encode(new Uint8Array([0, 1, ...padding, 0, ...info, ...digest]))}`;
}

const { privateKey, publicKey } = await generateKeyPair('RS256');
const goodKey = { ...(await exportJWK(publicKey)), kid: 'good' };
const sign = (header: object, text: string) =>
  new CompactSign(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: 'RS256', kid: 'good', ...header })
    .sign(privateKey);

/** Several unusable keys before the valid one. */
const keySet = { keys: [weakKey, { kty: 'RSA', kid: 7 }, { kty: 5 }, { ...goodKey, key_ops: 5 }, goodKey] };

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
    fetch: async (url) => Response.json(url.endsWith('/jwks') ? keySet : response),
    ...options,
  });
}

describe('A1: rejects a signature by a key with the exponent 1', () => {
  test('at a resource server', async () => {
    const { verifier } = await startVerifier({
      issuer,
      jwksUri: `${issuer}/jwks`,
      fetch: async () => Response.json(keySet),
    });
    const tokenClaims = { ...createClaims(), aud: audience, client_id: 'web', jti: 'j' };
    await expect(verifier.verifyToken(await forge({ typ: 'at+jwt' }, tokenClaims))).rejects.toMatchObject({
      code: 'invalid_token',
    });
    const validToken = await sign({ typ: 'at+jwt' }, JSON.stringify(tokenClaims));
    await expect(verifier.verifyToken(validToken)).resolves.toMatchObject({ sub: 'alice' });
  });

  test('in a DPoP proof', async () => {
    const { server, verifier } = await startVerifier({ dpop: { origin } });
    const { kty, n, e } = weakKey;
    const jwk = { kty, n, e };
    const token = await server.mintAccessToken({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
    const proof = await forge(
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

  test('in ID tokens and logout tokens of a client', async () => {
    const createTokenResponse = (id_token: string) => ({ access_token: 'a', token_type: 'Bearer', id_token });
    // Without a matching key, a refresh succeeds without the ID token.
    const forged = await refreshTokens(
      createRespondingClient(createTokenResponse(await forge({}, createClaims()))),
      'r',
    );
    expect(forged).not.toHaveProperty('claims');
    const good = await refreshTokens(
      createRespondingClient(createTokenResponse(await sign({}, JSON.stringify(createClaims())))),
      'r',
    );
    expect(good.claims).toMatchObject({ sub: 'alice' });

    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const logout = { ...createClaims(), jti: 'j', events };
    await expect(
      validateLogoutToken(createRespondingClient({}), await forge({}, logout)),
    ).rejects.toMatchObject({
      code: 'logout_token_invalid',
      check: 'kid',
    });
    const token = await sign({}, JSON.stringify(logout));
    await expect(validateLogoutToken(createRespondingClient({}), token)).resolves.toMatchObject({
      sub: 'alice',
    });
  });

  test('in the browser client', async () => {
    const context = resolveOptions({
      issuer,
      clientId: 'web',
      redirectUri: 'https://app.example/callback',
      metadata,
      fetch: async () => Response.json(keySet),
    });
    const expected = { accessToken: 'a' };
    await expect(validateIdToken(context, await forge({}, createClaims()), expected)).rejects.toMatchObject({
      code: 'id_token_invalid',
      check: 'kid',
    });
    const validToken = await sign({}, JSON.stringify(createClaims()));
    await expect(validateIdToken(context, validToken, expected)).resolves.toMatchObject({ sub: 'alice' });
  });
});

describe('metadata members of a wrong type', () => {
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
  const createTransaction = (): AuthorizationTransaction => ({
    issuer,
    clientId: 'web',
    redirectUri: 'https://app.example.test/callback',
    state: 's',
    codeVerifier: 'v',
    scope: 'openid',
    createdAt: readSeconds(),
  });
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
