import { exportJWK, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import { dpopRejection, origin, startDpop } from '../../../tests/support/resource-server/start-dpop.ts';
import { createMemoryReplayStore } from '../index.ts';

test.each(['ES256', 'RS256', 'PS256', 'EdDSA', 'Ed25519'])('A6: accepts a proof with %s', async (alg) => {
  const { call, prove } = await startDpop({}, alg);
  await expect(call(await prove())).resolves.toMatchObject({ scheme: 'DPoP', accessToken: { sub: 'alice' } });
});

test('RFC 9864: accepts a proof with Ed25519 if EdDSA is configured', async () => {
  const { call, prove } = await startDpop({ dpop: { origin, algorithms: ['EdDSA'] } }, 'Ed25519');
  await expect(call(await prove())).resolves.toMatchObject({ scheme: 'DPoP' });
});

describe('A6: the checks of RFC 9449 section 4.3', () => {
  test('1: rejects no proof and several proofs', async () => {
    const { call, prove } = await startDpop();
    const [one, two] = [await prove(), await prove()];
    await expect(call(undefined)).rejects.toMatchObject(
      dpopRejection('invalid_dpop_proof', 'A DPoP proof is required'),
    );
    await expect(call(`${one}, ${two}`)).rejects.toMatchObject(dpopRejection('invalid_dpop_proof'));
    await expect(call(one, { rawHeaders: ['DPoP', one, 'dpop', two] })).rejects.toMatchObject(
      dpopRejection('invalid_dpop_proof'),
    );
  });

  test.each(['', '%', 'a.b.c', 'e30.e30.AA', `${'a'.repeat(9000)}.b.c`])(
    '2: rejects the malformed proof %#',
    async (proof) => {
      const { call } = await startDpop();
      await expect(call(proof)).rejects.toMatchObject(dpopRejection('invalid_dpop_proof'));
    },
  );

  test('2: rejects a proof of more than the maximum length', async () => {
    const { call, prove } = await startDpop();
    await expect(call(await prove({ filler: 'x'.repeat(8000) }))).rejects.toMatchObject(
      dpopRejection('invalid_dpop_proof', 'The DPoP proof is too long'),
    );
  });

  test.each(['jti', 'htm', 'htu', 'iat', 'ath'])('3: rejects a proof without %s', async (claim) => {
    const { call, prove } = await startDpop();
    await expect(call(await prove({ [claim]: undefined }))).rejects.toMatchObject(
      dpopRejection('invalid_dpop_proof'),
    );
  });

  test.each([
    ['4: rejects another typ', { typ: 'JWT' }, 'The DPoP proof has the wrong typ'],
    [
      'rejects a critical header',
      { crit: ['b64'], b64: true },
      'The DPoP proof has an unsupported critical header',
    ],
    ['rejects a missing key', { jwk: undefined }, 'The key of the DPoP proof is not accepted'],
  ])('%s', async (_, header, message) => {
    const { call, prove } = await startDpop();
    await expect(call(await prove({}, header))).rejects.toMatchObject(
      dpopRejection('invalid_dpop_proof', message),
    );
  });

  test('5: rejects an algorithm that is not configured', async () => {
    const { call, prove } = await startDpop({ dpop: { origin, algorithms: ['RS256'] } });
    await expect(call(await prove())).rejects.toMatchObject(dpopRejection('invalid_dpop_proof'));
  });

  test('6: rejects a signature of another key', async () => {
    const { call, prove } = await startDpop();
    const { privateKey } = await generateKeyPair('ES256');
    await expect(call(await prove({}, {}, privateKey))).rejects.toMatchObject(
      dpopRejection('invalid_dpop_proof', 'The signature of the DPoP proof is not valid'),
    );
  });

  test('7: rejects a private key in the header', async () => {
    const { call, prove, privateKey } = await startDpop();
    const jwk = await exportJWK(privateKey);
    await expect(call(await prove({}, { jwk }))).rejects.toMatchObject(
      dpopRejection('invalid_dpop_proof', 'The key of the DPoP proof is not accepted'),
    );
  });

  test('8: rejects another method', async () => {
    const { call, prove } = await startDpop();
    await expect(call(await prove({ htm: 'POST' }))).rejects.toMatchObject(
      dpopRejection('invalid_dpop_proof'),
    );
    await expect(call(await prove({ htm: 'get' }))).rejects.toMatchObject(
      dpopRejection('invalid_dpop_proof'),
    );
    await expect(call(await prove(), { method: 'DELETE' })).rejects.toMatchObject(
      dpopRejection('invalid_dpop_proof'),
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
  ])('9: rejects the URL %s', async (htu) => {
    const { call, prove } = await startDpop();
    await expect(call(await prove({ htu }))).rejects.toMatchObject(
      dpopRejection('invalid_dpop_proof', 'The DPoP proof is for another URL'),
    );
  });

  test.each([
    'https://API.example.test/v1/items',
    'https://api.example.test:443/v1/items',
    'https://api.example.test/v1/items?page=3#x',
    'https://api.example.test/v1/a/../items',
  ])('9: accepts the equivalent URL %s', async (htu) => {
    const { call, prove } = await startDpop();
    await expect(call(await prove({ htu }))).resolves.toBeDefined();
  });

  test.each([
    ['/v1/a%c3%a9', '/v1/a%C3%A9'],
    ['/v1/a%C3%A9', '/v1/aé'],
    ['/v1/%7Eme', '/v1/~me'],
    ['/v1/~me', '/v1/%7eme'],
    ['/v1/%69tems', '/v1/items'],
    ['/v1/a%2fb', '/v1/a%2Fb'],
  ])('9: accepts %s for the equivalent request target %s', async (htu, target) => {
    const { call, prove } = await startDpop();
    const proof = await prove({ htu: `https://api.example.test${htu}` });
    await expect(call(proof, { url: target.replace('/v1', '') })).resolves.toBeDefined();
  });

  test.each([
    ['/v1/a%2Fb', '/v1/a/b'],
    ['/v1/a%3Fb', '/v1/a?b'],
    ['/v1/a%252Fb', '/v1/a%2Fb'],
    ['/v1/%49tems', '/v1/items'],
    ['/v1/a%', '/v1/a%25'],
  ])('9: rejects %s for the other request target %s', async (htu, target) => {
    const { call, prove } = await startDpop();
    const proof = await prove({ htu: `https://api.example.test${htu}` });
    await expect(call(proof, { url: target.replace('/v1', '') })).rejects.toMatchObject(
      dpopRejection('invalid_dpop_proof', 'The DPoP proof is for another URL'),
    );
  });

  test('9: ignores the Host header and the host of an absolute request target', async () => {
    const { call, prove, token } = await startDpop();
    const htu = 'https://evil.example.test/items';
    const headers = { authorization: `DPoP ${token}`, host: 'evil.example.test', dpop: await prove({ htu }) };
    for (const url of [
      '/items',
      htu,
      '//evil.example.test/items',
      'evil.example.test/items',
      '@evil.example.test/',
    ])
      await expect(call(undefined, { url, headers })).rejects.toMatchObject(
        dpopRejection('invalid_dpop_proof'),
      );
  });

  test('11: rejects an old iat and one in the future', async () => {
    const { call, prove, server } = await startDpop();
    const now = Math.floor(server.clock.now() / 1000);
    for (const iat of [now - 91, now + 31, 1, 1e20, '1', null])
      await expect(call(await prove({ iat }))).rejects.toMatchObject(dpopRejection('invalid_dpop_proof'));
    for (const iat of [now - 90, now + 30]) await expect(call(await prove({ iat }))).resolves.toBeDefined();
  });

  test('12: rejects a proof for another token or by another key', async () => {
    const { call, prove } = await startDpop();
    await expect(call(await prove({ ath: 'x'.repeat(43) }))).rejects.toMatchObject(
      dpopRejection('invalid_dpop_proof'),
    );
    const other = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(other.publicKey);
    await expect(call(await prove({}, { jwk }, other.privateKey))).rejects.toMatchObject({
      ...dpopRejection('invalid_token', 'The access token is bound to another key'),
      challenges: ['Bearer', expect.stringMatching(/^DPoP error="invalid_token", .*algs="ES256 /)],
    });
  });
});

test('A6: rejects a replayed proof until it has expired', async () => {
  const { call, prove, server } = await startDpop();
  const proof = await prove();
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => call(proof)));
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  server.clock.advance(89);
  await expect(call(proof)).rejects.toMatchObject({ message: 'The DPoP proof was already used' });
  server.clock.advance(2);
  await expect(call(proof)).rejects.toMatchObject({
    message: 'The DPoP proof is too old or was issued in the future',
  });
});

test('A6: rejects requests while the replay store is full', async () => {
  const replayStore = createMemoryReplayStore({ maxEntries: 2 });
  const { call, prove } = await startDpop({ dpop: { origin, replayStore } });
  const first = await prove();
  await call(first);
  await call(await prove());
  await expect(call(await prove())).rejects.toMatchObject({ code: 'store_unavailable' });
  await expect(call(first)).rejects.toMatchObject({ code: 'invalid_dpop_proof' });
});

test('A6: leads to 503 while the replay store is unavailable', async () => {
  const replayStore = { claim: () => Promise.reject(new Error('connection lost')) };
  const { call, prove } = await startDpop({ dpop: { origin, replayStore } });
  await expect(call(await prove())).rejects.toMatchObject({
    name: 'TransportError',
    code: 'store_unavailable',
  });
});
