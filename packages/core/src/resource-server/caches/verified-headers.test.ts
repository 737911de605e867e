import { base64url } from 'jose';
import { expect, test } from 'vitest';
import { audience, startVerifier } from '../../../tests/support/resource-server/start-verifier.ts';
import { parseJws } from '../parse-jws.ts';

/** Replaces the header of a token, so that its signature is no longer valid. */
function replaceHeader(token: string, header: object): string {
  const [, payload, signature] = token.split('.');
  return `${base64url.encode(JSON.stringify(header))}.${payload}.${signature}`;
}

test('R9: 10,000 invented headers displace no parsed header of a valid token', async () => {
  const { server, verifier } = await startVerifier();
  const token = await server.mintAccessToken({ aud: audience });
  await verifier.verifyToken(token);
  const { header } = parseJws(token);
  let rejected = 0;
  for (let count = 0; count < 10_000; count++) {
    const forged = replaceHeader(token, { ...header, kid: `forged-${count}` });
    await verifier.verifyToken(forged).catch(() => rejected++);
  }
  expect(rejected).toBe(10_000);
  expect(parseJws(token).header).toBe(header);
}, 60_000);

test('R9: stores no header of a token whose signature is not valid', async () => {
  const { server, verifier } = await startVerifier();
  const token = await server.mintAccessToken({ aud: audience });
  // The key is known, and the algorithm is accepted.
  const forged = replaceHeader(token, { ...parseJws(token).header, forged: true });
  await expect(verifier.verifyToken(forged)).rejects.toThrow(/The signature of the access token/);
  expect(parseJws(forged).header).not.toBe(parseJws(forged).header);
});

test('R9: the oldest header is removed when 50 are stored', async () => {
  const { server, verifier } = await startVerifier();
  const tokens: string[] = [];
  for (let count = 0; count < 51; count++) {
    const token = await server.mintAccessToken({ aud: audience }, { header: { nonce: `${count}` } });
    await verifier.verifyToken(token);
    tokens.push(token);
  }
  const readHeaders = () => tokens.map((token) => parseJws(token).header);
  const headers = readHeaders();
  expect(readHeaders().map((header, index) => header === headers[index])).toEqual([
    false,
    ...Array(50).fill(true),
  ]);
});

test('a stored header is frozen, because requests share it', async () => {
  const { server, verifier } = await startVerifier();
  const token = await server.mintAccessToken({ aud: audience });
  await verifier.verifyToken(token);
  const { header } = parseJws(token);
  expect(() => {
    header.alg = 'none';
  }).toThrow(TypeError);
  expect(parseJws(token).header.alg).toBe('RS256');
});
