import { exportJWK, FlattenedSign, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  type AccessTokenVerifierOptions,
  createAccessTokenVerifier,
} from '../../src/resource-server/index.ts';
import { addNullKeyMembers } from '../support/null-key-members.ts';
import { audience, encode, startVerifier } from '../support/resource-server/start-verifier.ts';

const thumbprint = 'a'.repeat(43);
const issuer = 'https://auth.example.test';
const start = 1_800_000_000;

/** Creates a token with any header, and a verifier with its key. */
async function signWith(header: Record<string, unknown>, claims: Record<string, unknown>) {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const signed = await new FlattenedSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'ES256', ...header })
    .sign(privateKey);
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'main', alg: 'ES256', use: 'sig' }];
  const verifier = createAccessTokenVerifier({
    issuer,
    audience,
    profile: 'okta',
    jwks: { keys },
    now: () => start * 1000,
  } as AccessTokenVerifierOptions);
  return { verifier, token: `${signed.protected}.${signed.payload}.${signed.signature}` };
}

describe('null is absent', () => {
  test.each([
    'nbf',
    'auth_time',
    'acr',
    'scope',
    'roles',
    'permissions',
    'groups',
    'entitlements',
    'sid',
    'tenant',
    'cnf',
  ])('for the claim %s', async (name) => {
    const { server, verifier } = await startVerifier();
    const verified = await verifier.verifyToken(await server.mintAccessToken({ [name]: null }));
    expect(verified).toMatchObject({ sub: 'alice', kind: 'user' });
    expect(verified.claims).not.toHaveProperty(name);
  });

  test('for the members of a key', async () => {
    const { server, verifier } = await startVerifier();
    await addNullKeyMembers(server);
    await expect(verifier.verifyToken(await server.mintAccessToken())).resolves.toMatchObject({
      sub: 'alice',
    });
    const forged = await server.mintAccessToken({}, { foreignKey: true });
    await expect(verifier.verifyToken(forged)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('for jti, client_id and iat, if the profile does not require them', async () => {
    const { server, verifier } = await startVerifier({ profile: 'auth0' });
    const token = await server.mintAccessToken({ jti: null, client_id: null, azp: 'app', nonce: null });
    await expect(verifier.verifyToken(token)).resolves.toMatchObject({ sub: 'alice', clientId: 'app' });
  });

  test('for claims that a profile reads', async () => {
    const { server, verifier } = await startVerifier({ profile: 'keycloak' });
    const token = await server.mintAccessToken({
      typ: 'Bearer',
      preferred_username: 'alice',
      clientHost: null,
      clientAddress: null,
      clientId: null,
      realm_access: null,
      resource_access: { account: null },
    });
    await expect(verifier.verifyToken(token)).resolves.toMatchObject({ kind: 'user', roles: [] });
  });

  test.each(['iss', 'aud', 'sub', 'client_id', 'iat', 'jti', 'exp'])(
    'rejects a token whose required claim %s is null',
    async (name) => {
      const { server, verifier } = await startVerifier();
      const token = await server.mintAccessToken({ [name]: null });
      await expect(verifier.verifyToken(token)).rejects.toMatchObject({ code: 'invalid_token', status: 401 });
    },
  );

  test('for kid in the header, and for typ if the profile does not require it', async () => {
    const okta = {
      iss: issuer,
      aud: audience,
      sub: 'alice',
      cid: 'app',
      uid: '00u',
      iat: start,
      exp: start + 60,
      jti: 'j',
    };
    for (const header of [
      { kid: null, typ: 'JWT' },
      { kid: null, typ: null },
    ]) {
      const { token, verifier } = await signWith(header, okta);
      await expect(verifier.verifyToken(token)).resolves.toMatchObject({ sub: 'alice' });
    }
  });

  test.each([
    ['alg', 'The signature algorithm of the access token is not accepted'],
    ['typ', 'The token is not an access token'],
    ['crit', 'The access token has an unsupported critical header'],
    ['b64', 'The access token has an unsupported critical header'],
  ])('rejects a header whose %s is null', async (name, message) => {
    const { server, verifier } = await startVerifier();
    const [, payload, signature] = (await server.mintAccessToken()).split('.');
    const header = encode({ alg: 'RS256', typ: 'at+jwt', [name]: null });
    await expect(verifier.verifyToken(`${header}.${payload}.${signature}`)).rejects.toMatchObject({
      message,
    });
  });
});

describe('A7: cnf', () => {
  test('binds a token although other members are null', async () => {
    const { server, verifier } = await startVerifier();
    const bound = await server.mintAccessToken({ cnf: { jkt: thumbprint, 'x5t#S256': null } });
    await expect(verifier.verifyToken(bound)).resolves.toMatchObject({ dpopThumbprint: thumbprint });
    await expect(verifier.verify({ headers: { authorization: `Bearer ${bound}` } })).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test.each([
    {},
    { jkt: null },
    { jkt: null, 'x5t#S256': null },
    { x: 'y' },
    { jkt: '' },
    { jkt: 1 },
    [],
    '',
    'x',
    0,
    false,
  ])('rejects the token if it is %j', async (cnf) => {
    const { server, verifier } = await startVerifier();
    await expect(verifier.verifyToken(await server.mintAccessToken({ cnf }))).rejects.toMatchObject({
      message: 'The access token has an unsupported confirmation method',
    });
  });

  test('does not satisfy requireBinding if it is null', async () => {
    const { server, verifier } = await startVerifier({ mtls: true, requireBinding: 'any' } as never);
    const token = await server.mintAccessToken({ cnf: null });
    await expect(
      verifier.verify({
        method: 'GET',
        url: 'https://api.example.test/',
        headers: { authorization: `Bearer ${token}` },
      }),
    ).rejects.toMatchObject({ code: 'invalid_token' });
  });
});
