import { describe, expect, test } from 'vitest';
import { refused, sha256, startDpop } from '../../../tests/support/start-dpop.ts';

const certificateText = 'a certificate';
const thumbprint = await sha256(certificateText);

describe('A7: a bound token needs its proof', () => {
  test('as Bearer it is refused, with and without a proof beside it', async () => {
    const { verifier, token, prove } = await startDpop();
    for (const dpop of [undefined, await prove()]) {
      const headers = { authorization: `Bearer ${token}`, ...(dpop && { dpop }) };
      await expect(verifier.verify({ method: 'GET', url: '/items', headers })).rejects.toMatchObject({
        ...refused('invalid_token'),
        challenges: ['Bearer', expect.stringContaining('DPoP error="invalid_token"')],
      });
    }
  });

  test('an API without DPoP refuses it, as it could not see the proof', async () => {
    const { call, prove } = await startDpop({ dpop: undefined } as never);
    await expect(call(await prove())).rejects.toMatchObject({
      ...refused('invalid_token'),
      challenges: [expect.stringMatching(/^Bearer error="invalid_token"/)],
    });
  });

  test('a token that is not bound is refused as DPoP', async () => {
    const { server, verifier, prove } = await startDpop();
    const headers = { authorization: `DPoP ${await server.mintAccessToken()}`, dpop: await prove() };
    await expect(verifier.verify({ method: 'GET', url: '/items', headers })).rejects.toMatchObject(
      refused('invalid_token', 'The access token is not bound to a key'),
    );
  });

  test('A15: a missing scope is said in the scheme of the request alone', async () => {
    const { verifier, call, prove } = await startDpop();
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
    const { server, verifier, call, prove } = await startDpop({ requireBinding: 'dpop' });
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
    const { server, verifier } = await startDpop({ mtls: true });
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
    const { server, verifier } = await startDpop();
    const token = await server.mintAccessToken({ cnf: { 'x5t#S256': thumbprint } });
    const request = { method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } };
    await expect(verifier.verify({ ...request, clientCertificate: certificate })).rejects.toMatchObject(
      refused('invalid_token'),
    );
  });

  test('requireBinding mtls refuses one without', async () => {
    const { server, verifier, call, prove } = await startDpop({ mtls: true, requireBinding: 'mtls' });
    const headers = { authorization: `Bearer ${await server.mintAccessToken()}` };
    await expect(
      verifier.verify({ method: 'GET', url: '/', headers, clientCertificate: certificate }),
    ).rejects.toMatchObject(refused('invalid_token'));
    await expect(call(await prove())).rejects.toMatchObject(refused('invalid_token'));
  });

  test('requireBinding any takes either binding, and no token without one', async () => {
    const { server, verifier, call, prove } = await startDpop({ mtls: true, requireBinding: 'any' });
    await expect(call(await prove())).resolves.toBeDefined();
    const bearer = async (claims: Record<string, unknown>) =>
      verifier.verify({
        method: 'GET',
        url: '/',
        headers: { authorization: `Bearer ${await server.mintAccessToken(claims)}` },
        clientCertificate: certificate,
      });
    await expect(bearer({ cnf: { 'x5t#S256': thumbprint } })).resolves.toBeDefined();
    await expect(bearer({})).rejects.toMatchObject(
      refused('invalid_token', 'An access token that is bound to a key is required'),
    );
  });

  test.each([
    ['dpop', { dpop: undefined }],
    ['mtls', {}],
    ['any', { dpop: undefined }],
  ] as const)('requireBinding %s needs its option', async (requireBinding, options) => {
    await expect(startDpop({ requireBinding, ...options } as never)).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'missing_option',
    });
  });
});
