// @platforms node: oidc-provider needs Node.
import { describe, expect, test } from 'vitest';
import {
  clientSecretBasic,
  createAuthorizationRequest,
  fetchUserinfo,
  generateDpopKeyPair,
  introspectToken,
  privateKeyJwt,
  refreshTokens,
  validateAuthorizationResponse,
} from '../../src/index.ts';
import { createDecrypt } from '../../src/node/index.ts';
import { createAccessTokenVerifier } from '../../src/resource-server/index.ts';
import { createBrowser } from './support/browser.ts';
import { logIn, offline } from './support/log-in.ts';
import {
  createRelyingParty,
  encryptionKey,
  provider,
  secret,
  signingKey,
} from './support/relying-parties.ts';
import { resource } from './support/start-provider.ts';

describe('requests and responses', () => {
  test('requests a JWT for an API and verifies it before it is stored', async () => {
    const verifier = createAccessTokenVerifier({
      issuer: provider.issuer,
      audience: resource,
      allowInsecureIssuer: true,
    });
    let verified = 0;
    const client = createRelyingParty('none', {
      resource,
      scope: 'openid offline_access items:read',
      validateAccessToken: async (token) => {
        await verifier.verifyToken(token);
        verified += 1;
      },
    });
    const tokens = await logIn(client);
    expect(tokens.scopes).toEqual(['items:read']);
    await refreshTokens(client, tokens.refreshToken as string, { resource, claims: tokens.claims });
    expect(verified).toBe(2);
  });

  test('pushes the authorization request', async () => {
    const client = createRelyingParty('client_secret_basic', { pushedAuthorizationRequests: 'always' });
    const { url } = await createAuthorizationRequest(client);
    expect([...url.searchParams.keys()]).toEqual(['client_id', 'request_uri']);
    expect((await logIn(client)).claims?.sub).toBe('alice');
  });

  test.each(['form_post', 'jwt', 'query.jwt', 'form_post.jwt'] as const)(
    'logs in with the response mode %s',
    async (responseMode) => {
      expect((await logIn(createRelyingParty('client_secret_basic', { responseMode }))).claims?.sub).toBe(
        'alice',
      );
    },
  );

  test('requests auth_time with max_age and claims', async () => {
    const client = createRelyingParty('none');
    const tokens = await logIn(client, { ...offline, maxAge: 60, claims: { id_token: { auth_time: null } } });
    expect(tokens.claims?.auth_time).toEqual(expect.any(Number));
  });

  test('throws a typed error for an error response', async () => {
    const client = createRelyingParty('none');
    const { url, transaction } = await createAuthorizationRequest(client, { prompt: 'none' });
    const { parameters } = await createBrowser(provider.issuer).visit(url);
    await expect(validateAuthorizationResponse(client, parameters, transaction)).rejects.toMatchObject({
      name: 'AuthorizationServerError',
      code: 'authorization_error',
      error: 'login_required',
    });
  });

  test('binds the access and refresh tokens of a public client to its DPoP key', async () => {
    const dpop = { keyPair: await generateDpopKeyPair() };
    const client = createRelyingParty('none', { dpop });
    const tokens = await logIn(client);
    expect(tokens.tokenType).toBe('DPoP');
    expect(await fetchUserinfo(client, tokens.accessToken, 'alice')).toMatchObject({ sub: 'alice' });
    const attacker = createRelyingParty('none', { dpop: { keyPair: await generateDpopKeyPair() } });
    await expect(refreshTokens(attacker, tokens.refreshToken as string)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('FAPI 2.0: logs in with private_key_jwt, PAR, a signed request object, JARM, DPoP and PS256', async () => {
    const key = { key: signingKey.key, kid: signingKey.jwk.kid as string };
    const client = createRelyingParty('fapi', {
      clientAuthentication: privateKeyJwt(key),
      requestObjectSigningKey: key,
      pushedAuthorizationRequests: 'always',
      responseMode: 'jwt',
      dpop: { keyPair: await generateDpopKeyPair() },
      idTokenSignedResponseAlg: 'PS256',
      authorizationSignedResponseAlg: 'PS256',
    });
    const tokens = await logIn(client);
    expect(tokens.tokenType).toBe('DPoP');
    expect(await fetchUserinfo(client, tokens.accessToken, 'alice')).toMatchObject({ sub: 'alice' });
    expect(
      await refreshTokens(client, tokens.refreshToken as string, { claims: tokens.claims }),
    ).toMatchObject({
      tokenType: 'DPoP',
    });
  });

  test('accepts an encrypted ID token, signed userinfo and signed introspection', async () => {
    const received: string[] = [];
    const client = createRelyingParty('encrypted', {
      clientAuthentication: clientSecretBasic(secret),
      decrypt: (jwe) => {
        received.push(jwe);
        return createDecrypt(encryptionKey.privateKey)(jwe);
      },
      userinfoSignedResponseAlg: 'ES256',
      introspectionSignedResponseAlg: 'ES256',
    });
    const tokens = await logIn(client);
    expect(received[0]?.split('.')).toHaveLength(5);
    // The decrypted ID token is stored, because the provider must read it as `id_token_hint` of a logout.
    expect(tokens.idToken?.split('.')).toHaveLength(3);
    expect(await fetchUserinfo(client, tokens.accessToken, 'alice')).toMatchObject({
      sub: 'alice',
      aud: 'encrypted',
    });
    expect(await introspectToken(client, tokens.accessToken)).toMatchObject({ active: true, sub: 'alice' });
    expect(await introspectToken(client, 'unknown')).toEqual({ active: false });
  });

  test('sends a signed request object in the query', async () => {
    const client = createRelyingParty('signed_requests', {
      clientAuthentication: clientSecretBasic(secret),
      requestObjectSigningKey: { key: signingKey.key, kid: signingKey.jwk.kid as string },
    });
    const { url } = await createAuthorizationRequest(client, offline);
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request', 'response_type', 'scope']);
    expect((await logIn(client)).claims?.sub).toBe('alice');
  });

  test('accepts signed and encrypted userinfo', async () => {
    const client = createRelyingParty('signed_and_encrypted_userinfo', {
      clientAuthentication: clientSecretBasic(secret),
      decrypt: createDecrypt(encryptionKey.privateKey),
      userinfoSignedResponseAlg: 'ES256',
      userinfoEncryptedResponseAlg: 'RSA-OAEP-256',
    });
    const { accessToken } = await logIn(client);
    expect(await fetchUserinfo(client, accessToken, 'alice')).toMatchObject({ name: 'Alice Example' });
    await expect(fetchUserinfo(client, accessToken, 'mallory')).rejects.toMatchObject({ check: 'sub' });
  });
});
