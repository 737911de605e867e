import { createTestAuthorizationServer } from '@countersign/testing';
import { base64url, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  type AccessTokenVerifierOptions,
  createAccessTokenVerifier,
  createMemoryReplayStore,
} from './index.ts';

const audience = 'https://api.example.test';
const origin = 'https://api.example.test/v1';

const sha256 = async (text: string) =>
  base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
const certificateText = 'a certificate';
const thumbprint = await sha256(certificateText);

async function setUp(options: Partial<AccessTokenVerifierOptions> = {}, alg = 'ES256') {
  const server = await createTestAuthorizationServer({ resources: [audience] });
  server.clock.stop();
  const verifier = createAccessTokenVerifier({
    issuer: server.issuer,
    audience,
    fetch: server.fetch,
    now: server.clock.now,
    dpop: { origin },
    ...options,
  } as AccessTokenVerifierOptions);
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  const token = await server.mintAccessToken({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });

  const prove = async (
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key = privateKey,
  ) => {
    const full: Record<string, unknown> = {
      jti: crypto.randomUUID(),
      htm: 'GET',
      htu: `${origin}/items`,
      iat: Math.floor(server.clock.now() / 1000),
      ath: await sha256(token),
      ...claims,
    };
    return new SignJWT(JSON.parse(JSON.stringify(full)))
      .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk, ...header } as { alg: string; jwk: JWK })
      .sign(key);
  };
  const call = (proof: string | undefined, more: Record<string, unknown> = {}) =>
    verifier.verify({
      method: 'GET',
      url: '/items?page=2',
      headers: { authorization: `DPoP ${token}`, ...(proof !== undefined && { dpop: proof }) },
      ...more,
    });
  return { server, verifier, prove, call, token, jwk, privateKey };
}

const refused = (code: string, message?: string) => ({ code, status: 401, ...(message && { message }) });

test.each(['ES256', 'RS256', 'PS256', 'EdDSA', 'Ed25519'])('A6: a proof with %s is accepted', async (alg) => {
  const { call, prove } = await setUp({}, alg);
  await expect(call(await prove())).resolves.toMatchObject({ scheme: 'DPoP', accessToken: { sub: 'alice' } });
});

describe('A6: every check of RFC 9449 section 4.3', () => {
  test('1: exactly one proof', async () => {
    const { call, prove } = await setUp();
    const [one, two] = [await prove(), await prove()];
    await expect(call(undefined)).rejects.toMatchObject(
      refused('invalid_dpop_proof', 'A DPoP proof is needed'),
    );
    await expect(call(`${one}, ${two}`)).rejects.toMatchObject(refused('invalid_dpop_proof'));
    await expect(call(one, { rawHeaders: ['DPoP', one, 'dpop', two] })).rejects.toMatchObject(
      refused('invalid_dpop_proof'),
    );
  });

  test.each(['', '%', 'a.b.c', 'e30.e30.AA', `${'a'.repeat(9000)}.b.c`])('2: malformed %#', async (proof) => {
    const { call } = await setUp();
    await expect(call(proof)).rejects.toMatchObject(refused('invalid_dpop_proof'));
  });

  test('2: longer than any proof', async () => {
    const { call, prove } = await setUp();
    await expect(call(await prove({ filler: 'x'.repeat(8000) }))).rejects.toMatchObject(
      refused('invalid_dpop_proof', 'The DPoP proof is too long'),
    );
  });

  test.each(['jti', 'htm', 'htu', 'iat', 'ath'])('3: %s is required', async (claim) => {
    const { call, prove } = await setUp();
    await expect(call(await prove({ [claim]: undefined }))).rejects.toMatchObject(
      refused('invalid_dpop_proof'),
    );
  });

  test.each([
    ['4: typ', { typ: 'JWT' }, 'The DPoP proof has the wrong typ'],
    ['crit', { crit: ['b64'], b64: true }, 'The DPoP proof has a critical header that is not understood'],
    ['no key', { jwk: undefined }, 'The key of the DPoP proof is not accepted'],
  ])('%s', async (_, header, message) => {
    const { call, prove } = await setUp();
    await expect(call(await prove({}, header))).rejects.toMatchObject(refused('invalid_dpop_proof', message));
  });

  test('5: only configured algorithms', async () => {
    const { call, prove } = await setUp({ dpop: { origin, algorithms: ['RS256'] } });
    await expect(call(await prove())).rejects.toMatchObject(refused('invalid_dpop_proof'));
  });

  test('6: the signature is by the key in the header', async () => {
    const { call, prove } = await setUp();
    const { privateKey } = await generateKeyPair('ES256');
    await expect(call(await prove({}, {}, privateKey))).rejects.toMatchObject(
      refused('invalid_dpop_proof', 'The signature of the DPoP proof is not valid'),
    );
  });

  test('7: no private key in the header', async () => {
    const { call, prove, privateKey } = await setUp();
    const jwk = await exportJWK(privateKey);
    await expect(call(await prove({}, { jwk }))).rejects.toMatchObject(
      refused('invalid_dpop_proof', 'The key of the DPoP proof is not accepted'),
    );
  });

  test('8: the method', async () => {
    const { call, prove } = await setUp();
    await expect(call(await prove({ htm: 'POST' }))).rejects.toMatchObject(refused('invalid_dpop_proof'));
    await expect(call(await prove({ htm: 'get' }))).rejects.toMatchObject(refused('invalid_dpop_proof'));
    await expect(call(await prove(), { method: 'DELETE' })).rejects.toMatchObject(
      refused('invalid_dpop_proof'),
    );
  });

  test.each([
    'https://api.example.test/v1/other',
    'https://api.example.test/items',
    'https://evil.example.test/v1/items',
    'http://api.example.test/v1/items',
    'https://api.example.test:8443/v1/items',
    'https://api.example.test/v1/items/',
    'https://api.example.test/v1/ITEMS',
    '/v1/items',
    'x',
    42,
  ])('9: the URL %s is another one', async (htu) => {
    const { call, prove } = await setUp();
    await expect(call(await prove({ htu }))).rejects.toMatchObject(
      refused('invalid_dpop_proof', 'The DPoP proof is for another URL'),
    );
  });

  test.each([
    'https://API.example.test/v1/items',
    'https://api.example.test:443/v1/items',
    'https://api.example.test/v1/items?page=3#x',
    'https://api.example.test/v1/a/../items',
  ])('9: the URL %s is the same', async (htu) => {
    const { call, prove } = await setUp();
    await expect(call(await prove({ htu }))).resolves.toBeDefined();
  });

  test('9: a Host header or an absolute request target does not choose the URL', async () => {
    const { call, prove, token } = await setUp();
    const htu = 'https://evil.example.test/items';
    const headers = { authorization: `DPoP ${token}`, host: 'evil.example.test', dpop: await prove({ htu }) };
    for (const url of [
      '/items',
      htu,
      '//evil.example.test/items',
      'evil.example.test/items',
      '@evil.example.test/',
    ])
      await expect(call(undefined, { url, headers })).rejects.toMatchObject(refused('invalid_dpop_proof'));
  });

  test('11: neither old nor from the future', async () => {
    const { call, prove, server } = await setUp();
    const now = Math.floor(server.clock.now() / 1000);
    for (const iat of [now - 91, now + 31, 1, 1e20, '1', null])
      await expect(call(await prove({ iat }))).rejects.toMatchObject(refused('invalid_dpop_proof'));
    for (const iat of [now - 90, now + 30]) await expect(call(await prove({ iat }))).resolves.toBeDefined();
  });

  test('12: for this token and its key', async () => {
    const { call, prove } = await setUp();
    await expect(call(await prove({ ath: 'x'.repeat(43) }))).rejects.toMatchObject(
      refused('invalid_dpop_proof'),
    );
    const other = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(other.publicKey);
    await expect(call(await prove({}, { jwk }, other.privateKey))).rejects.toMatchObject({
      ...refused('invalid_token', 'The access token is bound to another key'),
      challenges: ['Bearer', expect.stringMatching(/^DPoP error="invalid_token", .*algs="ES256 /)],
    });
  });
});

test('A6: a proof is good once, and again only when the store may have forgotten it', async () => {
  const { call, prove, server } = await setUp();
  const proof = await prove();
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => call(proof)));
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  server.clock.advance(89);
  await expect(call(proof)).rejects.toMatchObject({ message: 'The DPoP proof was used before' });
  server.clock.advance(2);
  await expect(call(proof)).rejects.toMatchObject({
    message: 'The DPoP proof is too old or from the future',
  });
});

test('A6: a full replay store turns requests away instead of forgetting', async () => {
  const replayStore = createMemoryReplayStore({ maxEntries: 2 });
  const { call, prove } = await setUp({ dpop: { origin, replayStore } });
  const first = await prove();
  await call(first);
  await call(await prove());
  await expect(call(await prove())).rejects.toMatchObject({ code: 'store_unavailable' });
  await expect(call(first)).rejects.toMatchObject({ code: 'invalid_dpop_proof' });
});

test('A6: a replay store that fails lets nobody through', async () => {
  const replayStore = { claim: () => Promise.reject(new Error('connection lost')) };
  const { call, prove } = await setUp({ dpop: { origin, replayStore } });
  await expect(call(await prove())).rejects.toMatchObject({
    name: 'TransportError',
    code: 'store_unavailable',
  });
});

describe('A6: nonce', () => {
  test('a proof without one is answered with one, which then serves until the next but one', async () => {
    const { call, prove, server } = await setUp({ dpop: { origin, nonce: { life: 60 } } });
    const error = await call(await prove()).catch((caught: unknown) => caught as never);
    expect(error).toMatchObject({
      ...refused('use_dpop_nonce'),
      headers: { 'DPoP-Nonce': expect.stringMatching(/^[\w-]{24}$/), 'Cache-Control': 'no-store' },
      challenges: ['Bearer', expect.stringContaining('DPoP error="use_dpop_nonce"')],
    });
    const nonce = (error as { headers: Record<string, string> }).headers['DPoP-Nonce'] as string;
    await expect(call(await prove({ nonce }))).resolves.toMatchObject({ headers: undefined });
    server.clock.advance(60);
    const { headers } = await call(await prove({ nonce }));
    expect(headers?.['DPoP-Nonce']).toMatch(/^[\w-]{24}$/);
    expect(headers?.['DPoP-Nonce']).not.toBe(nonce);
    server.clock.advance(60);
    await expect(call(await prove({ nonce }))).rejects.toMatchObject(refused('use_dpop_nonce'));
  });

  test('processes that share the secret take each other for one', async () => {
    const nonce = { secret: 'a secret of thirty-two characters' };
    const one = await setUp({ dpop: { origin, nonce } });
    const two = await setUp({ dpop: { origin, nonce } });
    two.server.clock.stop(one.server.clock.now());
    const error = await one.call(await one.prove()).catch((caught: unknown) => caught);
    const known = (error as { headers: Record<string, string> }).headers['DPoP-Nonce'];
    await expect(two.call(await two.prove({ nonce: known }))).resolves.toBeDefined();
  });
});

describe('A7: a bound token needs its proof', () => {
  test('as Bearer it is refused, with and without a proof beside it', async () => {
    const { verifier, token, prove } = await setUp();
    for (const dpop of [undefined, await prove()]) {
      const headers = { authorization: `Bearer ${token}`, ...(dpop && { dpop }) };
      await expect(verifier.verify({ method: 'GET', url: '/items', headers })).rejects.toMatchObject({
        ...refused('invalid_token'),
        challenges: ['Bearer', expect.stringContaining('DPoP error="invalid_token"')],
      });
    }
  });

  test('an API without DPoP refuses it, as it could not see the proof', async () => {
    const { call, prove } = await setUp({ dpop: undefined } as never);
    await expect(call(await prove())).rejects.toMatchObject({
      ...refused('invalid_token'),
      challenges: [expect.stringMatching(/^Bearer error="invalid_token"/)],
    });
  });

  test('a token that is not bound is refused as DPoP', async () => {
    const { server, verifier, prove } = await setUp();
    const headers = { authorization: `DPoP ${await server.mintAccessToken()}`, dpop: await prove() };
    await expect(verifier.verify({ method: 'GET', url: '/items', headers })).rejects.toMatchObject(
      refused('invalid_token', 'The access token is not bound to a key'),
    );
  });

  test('A15: a missing scope is said in the scheme of the request alone', async () => {
    const { verifier, call, prove } = await setUp();
    const authenticated = await call(await prove());
    expect(() => verifier.authorize(authenticated, { scopes: ['items:write'] })).toThrow(
      expect.objectContaining({
        challenges: [
          expect.stringMatching(/^DPoP error="insufficient_scope", .*scope="items:write", algs="/),
        ],
      }),
    );
  });

  test('requireBinding refuses bearer tokens, and the challenge names only DPoP', async () => {
    const { server, verifier, call, prove } = await setUp({ requireBinding: 'dpop' });
    const headers = { authorization: `Bearer ${await server.mintAccessToken()}` };
    await expect(verifier.verify({ method: 'GET', url: '/items', headers })).rejects.toMatchObject({
      challenges: [expect.stringMatching(/^DPoP error="invalid_token"/)],
    });
    await expect(verifier.verify({ method: 'GET', url: '/items', headers: {} })).rejects.toMatchObject({
      challenges: ['DPoP algs="ES256 EdDSA Ed25519 RS256 PS256"'],
    });
    await expect(call(await prove())).resolves.toBeDefined();
  });
});

describe('A7: a token that is bound to a certificate', () => {
  const certificate = new TextEncoder().encode(certificateText);

  test('needs the certificate, and it must be the one', async () => {
    const { server, verifier } = await setUp({ mtls: true });
    const token = await server.mintAccessToken({ cnf: { 'x5t#S256': thumbprint } });
    const call = (clientCertificate?: Uint8Array) =>
      verifier.verify({
        method: 'GET',
        url: '/',
        headers: { authorization: `Bearer ${token}` },
        clientCertificate,
      });
    await expect(call(certificate)).resolves.toBeDefined();
    await expect(call()).rejects.toMatchObject(refused('invalid_token'));
    await expect(call(new Uint8Array([1]))).rejects.toMatchObject(refused('invalid_token'));
  });

  test('is refused where certificates are not looked at', async () => {
    const { server, verifier } = await setUp();
    const token = await server.mintAccessToken({ cnf: { 'x5t#S256': thumbprint } });
    const request = { method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } };
    await expect(verifier.verify({ ...request, clientCertificate: certificate })).rejects.toMatchObject(
      refused('invalid_token'),
    );
  });

  test('requireBinding mtls refuses one without', async () => {
    const { server, verifier, call, prove } = await setUp({ mtls: true, requireBinding: 'mtls' });
    const headers = { authorization: `Bearer ${await server.mintAccessToken()}` };
    await expect(
      verifier.verify({ method: 'GET', url: '/', headers, clientCertificate: certificate }),
    ).rejects.toMatchObject(refused('invalid_token'));
    await expect(call(await prove())).rejects.toMatchObject(refused('invalid_token'));
  });
});
