import { expect, test } from 'vitest';
import type { AccessTokenVerifierOptions } from '../../src/resource-server/index.ts';
import { audience, startVerifier } from '../support/resource-server/start-verifier.ts';

async function setUp(options: Partial<AccessTokenVerifierOptions> = {}) {
  const { server, verifier } = await startVerifier(options);
  const findCachedRequest = (token: string, url = '/items', more: Record<string, string> = {}) =>
    verifier.findCachedRequest?.({
      method: 'GET',
      url,
      headers: { authorization: `Bearer ${token}`, ...more },
    });
  return { server, verifier, findCachedRequest };
}

test('finds a request with a verified token', async () => {
  const { server, verifier, findCachedRequest } = await setUp();
  const token = await server.mintAccessToken();
  expect(findCachedRequest(token)).toBeUndefined();
  const { accessToken } = await verifier.verify({ headers: { authorization: `Bearer ${token}` } });
  expect(findCachedRequest(token)).toMatchObject({ scheme: 'Bearer', accessToken });
});

test('returns a frozen request', async () => {
  const { server, verifier, findCachedRequest } = await setUp();
  const token = await server.mintAccessToken();
  await verifier.verifyToken(token);
  const first = findCachedRequest(token) as { scheme: string };
  expect(() => {
    first.scheme = 'DPoP';
  }).toThrow(TypeError);
  expect(findCachedRequest(token)).toMatchObject({ scheme: 'Bearer', token });
});

test('A3: does not find an expired token', async () => {
  const { server, verifier, findCachedRequest } = await setUp({ clockTolerance: 0 });
  const token = await server.mintAccessToken();
  const { expiresAt } = await verifier.verifyToken(token);
  expect(findCachedRequest(token)).toBeDefined();
  server.clock.advance((expiresAt as number) - Math.floor(server.clock.now() / 1000));
  expect(findCachedRequest(token)).toBeUndefined();
});

test('A3: does not find another token with the same signature', async () => {
  const { server, verifier, findCachedRequest } = await setUp();
  const token = await server.mintAccessToken();
  await verifier.verifyToken(token);
  const [header, , signature] = token.split('.');
  expect(findCachedRequest(`${header}.e30.${signature}`)).toBeUndefined();
});

test('A7: does not find a token that is bound to a key', async () => {
  const { server, verifier, findCachedRequest } = await setUp({ dpop: { origin: audience } });
  const token = await server.mintAccessToken({ cnf: { jkt: 'a'.repeat(43) } });
  await verifier.verifyToken(token);
  expect(findCachedRequest(token)).toBeUndefined();
});

test('A7: finds no request if the verifier requires bound tokens', async () => {
  const { server, verifier, findCachedRequest } = await setUp({
    dpop: { origin: audience },
    requireBinding: 'dpop',
  });
  const token = await server.mintAccessToken();
  await verifier.verifyToken(token);
  expect(findCachedRequest(token)).toBeUndefined();
});

test('A14: finds no request with a second credential', async () => {
  const { server, verifier, findCachedRequest } = await setUp();
  const token = await server.mintAccessToken();
  await verifier.verifyToken(token);
  expect(findCachedRequest(token, `/items?access_token=${token}`)).toBeUndefined();
});
