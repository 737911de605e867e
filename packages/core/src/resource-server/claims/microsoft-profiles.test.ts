import { createTestAuthorizationServer } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { startVerifier } from '../../../tests/support/resource-server/start-verifier.ts';
import { type AccessTokenVerifierOptions, createAccessTokenVerifier } from '../index.ts';

const audience = 'https://api.example.test';
const none = { client_id: undefined, jti: undefined, scope: undefined, sub: undefined };

async function verify(
  claims: Record<string, unknown>,
  options: object,
  header: Record<string, unknown> = { typ: 'JWT' },
) {
  const server = await createTestAuthorizationServer({ resources: [audience] });
  const verifier = createAccessTokenVerifier({
    issuer: server.issuer,
    audience,
    fetch: server.fetch,
    ...options,
  } as AccessTokenVerifierOptions);
  const token = await server.mintAccessToken(claims, { header });
  const authenticated = await verifier.verify({ headers: { authorization: `Bearer ${token}` } });
  return { verifier, authenticated, accessToken: authenticated.accessToken };
}

describe('adfs', () => {
  const iss = 'http://adfs.example.test/adfs/services/trust';
  const audiences = { audience: [audience, 'microsoft:identityserver:6e5f'] };
  const options = { profile: 'adfs', accessTokenIssuer: iss, ...audiences };
  const claims = {
    ...none,
    iss,
    upn: 'alice@example.test',
    apptype: 'Confidential',
    appid: 'web',
    authmethod: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    auth_time: '2020-03-24T07:30:55.566Z',
    ver: '1.0',
    scp: 'openid items:read',
  };

  test('accepts the tokens of AD FS with an http issuer and auth_time as text', async () => {
    const { verifier, authenticated, accessToken } = await verify(claims, options);
    expect(accessToken).toMatchObject({
      issuer: iss,
      kind: 'user',
      sub: 'alice@example.test',
      clientId: 'web',
      scopes: ['openid', 'items:read'],
      claims: { auth_time: 1_585_035_055 },
    });
    expect(() => verifier.authorize(authenticated, { maxAge: 60 })).toThrow(
      expect.objectContaining({ code: 'insufficient_user_authentication' }),
    );
    verifier.authorize(authenticated, { maxAge: 1e10 });
  });

  test.each<[string, object, object]>([
    ['sub of a claim rule', { sub: 'S-1-5-21' }, { kind: 'user', sub: 'S-1-5-21' }],
    [
      'the identifier of the AD FS application as audience',
      { aud: 'microsoft:identityserver:6e5f' },
      { kind: 'user' },
    ],
    ['auth_time in seconds', { auth_time: 1_585_035_055 }, { claims: { auth_time: 1_585_035_055 } }],
    ['a client that acts for itself', { upn: undefined, scp: undefined }, { kind: 'client', sub: 'web' }],
    ['a client whose sub is its identifier', { upn: undefined, sub: 'web' }, { kind: 'client', sub: 'web' }],
    ['groups as roles', { group: ['editors'] }, { roles: ['editors'] }],
  ])('accepts %s', async (_, change, expected) => {
    expect((await verify({ ...claims, ...change }, options)).accessToken).toMatchObject(expected);
  });

  test.each<[string, object]>([
    ['an ID token', { nonce: 'n' }],
    ['a token without appid', { appid: undefined }],
    ['a malformed auth_time', { auth_time: 'yesterday' }],
    ['an impossible auth_time', { auth_time: '2020-99-99T99:99:99Z' }],
    ['an empty auth_time', { auth_time: '' }],
    ['another audience', { aud: 'microsoft:identityserver:other' }],
    ['the issuer of the metadata', { iss: undefined }],
    ['the issuer with another case', { iss: iss.toUpperCase() }],
  ])('rejects %s', async (_, change) => {
    await expect(verify({ ...claims, ...change }, options)).rejects.toMatchObject({ code: 'invalid_token' });
  });
});

describe('entra-b2c', () => {
  const options = { profile: 'entra-b2c' };
  const claims = {
    ...none,
    sub: '4c77a906',
    oid: '4c77a906',
    tfp: 'B2C_1_SignIn',
    nonce: 'defaultNonce',
    scp: 'Items.Write Items.Read',
    azp: 'web',
    ver: '1.0',
  };

  test.each<[string, object, object]>([
    [
      'a token with nonce',
      {},
      { kind: 'user', sub: '4c77a906', clientId: 'web', scopes: ['Items.Write', 'Items.Read'] },
    ],
    ['a token without nonce', { nonce: undefined }, { kind: 'user' }],
    [
      'the oid of a policy without sub',
      { sub: 'Not supported currently. Use oid claim.' },
      { sub: '4c77a906' },
    ],
    [
      'a client that acts for itself',
      { nonce: undefined, scp: undefined, roles: ['app'] },
      { kind: 'client', roles: ['app'] },
    ],
  ])('accepts %s', async (_, change, expected) => {
    expect((await verify({ ...claims, ...change }, options)).accessToken).toMatchObject(expected);
  });

  test.each<[string, object]>([
    ['an ID token: nonce without a scope', { scp: undefined }],
    ['an ID token: no azp', { azp: undefined }],
    ['an ID token: a hash', { at_hash: 'x' }],
    ['an ID token: the hash of a code', { c_hash: 'x' }],
    ['a placeholder without oid', { sub: 'Not supported currently. Use oid claim.', oid: undefined }],
    ['an empty scope with nonce', { scp: '' }],
  ])('rejects %s', async (_, change) => {
    await expect(verify({ ...claims, ...change }, options)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('the profile entra rejects a nonce', async () => {
    await expect(verify(claims, { profile: 'entra' })).rejects.toMatchObject({ code: 'invalid_token' });
  });
});

describe('accessTokenIssuer', () => {
  test('is not part of the metadata, and must be unique', async () => {
    const { server, verifier } = await startVerifier({
      accessTokenIssuer: 'https://sts.example.test/tenant/',
      protectedResource: { resource: audience },
    } as Partial<AccessTokenVerifierOptions>);
    expect(verifier.metadata).toMatchObject({ authorization_servers: [server.issuer] });
    const token = await server.mintAccessToken({ iss: 'https://sts.example.test/tenant/' });
    expect(await verifier.verifyToken(token)).toMatchObject({ issuer: 'https://sts.example.test/tenant/' });
    expect((await verifier.explainToken(await server.mintAccessToken())).problems[0]?.remedy).toContain(
      'accessTokenIssuer',
    );
    const issuer = { issuer: 'https://a.example.test', audience };
    for (const wrong of [
      {
        issuers: [issuer, { ...issuer, issuer: 'https://b.example.test', accessTokenIssuer: issuer.issuer }],
      },
      { ...issuer, accessTokenIssuer: '' },
      { ...issuer, accessTokenIssuer: 1 },
      { issuers: [issuer], accessTokenIssuer: 'x' },
    ])
      expect(() => createAccessTokenVerifier(wrong as never)).toThrow(
        expect.objectContaining({ code: 'invalid_option' }),
      );
  });
});
