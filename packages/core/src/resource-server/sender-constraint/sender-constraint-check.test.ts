import { describe, expect, test } from 'vitest';
import { dpopRejection, sha256, startDpop } from '../../../tests/support/resource-server/start-dpop.ts';

const certificateText = 'a certificate';
const thumbprint = await sha256(certificateText);

describe('A7: a token that is bound to a key', () => {
  test('is rejected with the scheme Bearer, with and without a proof', async () => {
    const { verifier, token, prove } = await startDpop();
    for (const dpop of [undefined, await prove()]) {
      const headers = { authorization: `Bearer ${token}`, ...(dpop && { dpop }) };
      await expect(verifier.verify({ method: 'GET', url: '/items', headers })).rejects.toMatchObject({
        ...dpopRejection('invalid_token'),
        challenges: ['Bearer', expect.stringContaining('DPoP error="invalid_token"')],
      });
    }
  });

  test('is rejected without the option dpop', async () => {
    const { call, prove } = await startDpop({ dpop: undefined } as never);
    await expect(call(await prove())).rejects.toMatchObject({
      ...dpopRejection('invalid_token'),
      challenges: [expect.stringMatching(/^Bearer error="invalid_token"/)],
    });
  });

  test('is required for the scheme DPoP', async () => {
    const { server, verifier, prove } = await startDpop();
    const headers = { authorization: `DPoP ${await server.mintAccessToken()}`, dpop: await prove() };
    await expect(verifier.verify({ method: 'GET', url: '/items', headers })).rejects.toMatchObject(
      dpopRejection('invalid_token', 'The access token is not bound to a key'),
    );
  });

  test('A15: leads to a challenge of the scheme DPoP for a missing scope', async () => {
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

  test('is required by requireBinding: dpop, with challenges of DPoP only', async () => {
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

  test('requires the certificate', async () => {
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
    await expect(call()).rejects.toMatchObject(dpopRejection('invalid_token'));
    await expect(call(new Uint8Array([1]))).rejects.toMatchObject(dpopRejection('invalid_token'));
  });

  test('is rejected without the option mtls', async () => {
    const { server, verifier } = await startDpop();
    const token = await server.mintAccessToken({ cnf: { 'x5t#S256': thumbprint } });
    const request = { method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } };
    await expect(verifier.verify({ ...request, clientCertificate: certificate })).rejects.toMatchObject(
      dpopRejection('invalid_token'),
    );
  });

  test('is required by requireBinding: mtls', async () => {
    const { server, verifier, call, prove } = await startDpop({ mtls: true, requireBinding: 'mtls' });
    const headers = { authorization: `Bearer ${await server.mintAccessToken()}` };
    await expect(
      verifier.verify({ method: 'GET', url: '/', headers, clientCertificate: certificate }),
    ).rejects.toMatchObject(dpopRejection('invalid_token'));
    await expect(call(await prove())).rejects.toMatchObject(dpopRejection('invalid_token'));
  });

  test('is sufficient for requireBinding: any, as is a key', async () => {
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
      dpopRejection('invalid_token', 'An access token that is bound to a key is required'),
    );
  });

  test.each([
    ['dpop', { dpop: undefined }],
    ['mtls', {}],
    ['any', { dpop: undefined }],
  ] as const)('requireBinding: %s requires its option', async (requireBinding, options) => {
    await expect(startDpop({ requireBinding, ...options } as never)).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'missing_option',
    });
  });
});
