import type { TestAuthorizationServerOptions } from '@countersign/testing';
import { base64url, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { audience, startVerifier } from '../../../tests/support/resource-server/start-verifier.ts';
import { isKeyForAlgorithm } from '../../internal/signatures/signature-algorithms.ts';
import { type AccessTokenVerifierOptions, createAccessTokenVerifier } from '../index.ts';

async function setUp(
  options: Partial<AccessTokenVerifierOptions> = {},
  serverOptions: TestAuthorizationServerOptions = {},
) {
  const { server, verifier, events } = await startVerifier(options, { ownKeys: true, ...serverOptions });
  server.clock.stop();
  const longLived = { exp: 4e9 };
  return { server, verifier, events, longLived };
}

describe('key sets of providers', () => {
  test('skips keys of other types, encryption keys and other keys with the same kid', async () => {
    const { server, verifier, longLived } = await setUp({}, { decoyKeys: true });
    for (const alg of ['RS256', 'ES256'])
      await expect(
        verifier.verifyToken(await server.mintAccessToken(longLived, { alg })),
      ).resolves.toBeDefined();
  });

  test('accepts several keys with one kid, keys without kid or alg, tokens without kid, a malformed key', async () => {
    const pairs = await Promise.all([1, 2, 3].map(() => generateKeyPair('ES256', { extractable: true })));
    const [one, two, three] = await Promise.all(pairs.map(({ publicKey }) => exportJWK(publicKey)));
    const verifier = createAccessTokenVerifier({
      issuer: 'https://auth.example.test',
      audience,
      jwks: { keys: [{ ...one, x: '!!' }, { ...one, kid: 'same' }, { ...two, kid: 'same' }, { ...three }] },
    });
    const mint = (index: number, kid?: string) =>
      new SignJWT({ client_id: 'app', jti: '1' })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...(kid !== undefined && { kid }) })
        .setIssuer('https://auth.example.test')
        .setAudience(audience)
        .setSubject('alice')
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(pairs[index]!.privateKey);
    for (const token of [mint(0, 'same'), mint(1, 'same'), mint(0), mint(1), mint(2), mint(2, 'unknown')])
      await expect(verifier.verifyToken(await token)).resolves.toBeDefined();
    for (const token of [mint(2, 'same'), mint(0, 'unknown')])
      await expect(verifier.verifyToken(await token)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('A1: uses a key only for its alg, use and key_ops', async () => {
    const { privateKey, publicKey } = await generateKeyPair('PS256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const token = await new SignJWT({ client_id: 'app', jti: '1' })
      .setProtectedHeader({ alg: 'PS256', typ: 'at+jwt', kid: 'k' })
      .setIssuer('https://auth.example.test')
      .setAudience(audience)
      .setSubject('alice')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
    const verifyWith = (members: object) =>
      createAccessTokenVerifier({
        issuer: 'https://auth.example.test',
        audience,
        jwks: { keys: [{ ...jwk, kid: 'k', ...members }] },
      }).verifyToken(token);
    for (const members of [{}, { alg: 'PS256' }, { use: 'sig' }, { key_ops: ['verify'] }])
      await expect(verifyWith(members)).resolves.toBeDefined();
    for (const members of [{ alg: 'RS256' }, { use: 'enc' }, { key_ops: ['encrypt'] }, { key_ops: 'verify' }])
      await expect(verifyWith(members)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test.each([
    [1024, 'RS256'],
    [16_384, 'RS256'],
  ])('A1: does not use an RSA key of %d bits', (bits, alg) => {
    const n = base64url.encode(new Uint8Array(bits / 8).fill(255));
    expect(isKeyForAlgorithm({ kty: 'RSA', n, e: 'AQAB' }, alg as 'RS256')).toBe(false);
    const common = base64url.encode(new Uint8Array(256).fill(255));
    expect(isKeyForAlgorithm({ kty: 'RSA', n: common, e: 'AQAB' }, alg as 'RS256')).toBe(true);
  });

  test.each([
    ['keys that are not a list', '{"keys":{}}'],
    ['keys that are not objects', '{"keys":["a"]}'],
    ['HTML', '<html>'],
    ['null', 'null'],
  ])('treats %s as unavailable', async (_, body) => {
    const { server, verifier, longLived } = await setUp();
    server.fail('jwks', { status: 200, body, headers: { 'content-type': 'application/json' } });
    await expect(verifier.verifyToken(await server.mintAccessToken(longLived))).rejects.toMatchObject({
      name: 'TransportError',
    });
  });
});
