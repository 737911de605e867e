import { createTestAuthorizationServer } from '@countersign/testing';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { AuthError, createAccessTokenVerifier } from '../../src/resource-server/index.ts';
import {
  computeFuzzTimeout,
  encodeBytes,
  encodeText,
  fuzzSurface,
  mutateMembers,
  mutateText,
  readFuzzRuns,
} from '../support/hostile-inputs.ts';
import type { Random } from '../support/random.ts';

const audience = 'https://api.example.test';
const runs = readFuzzRuns(3_000);
const timeout = { timeout: computeFuzzTimeout(runs) };

async function start() {
  const server = await createTestAuthorizationServer({ resources: [audience] });
  server.clock.stop();
  const now = Math.floor(server.clock.now() / 1000);
  const verifier = createAccessTokenVerifier({
    issuer: server.issuer,
    audience,
    fetch: server.fetch,
    now: server.clock.now,
    dpop: { origin: audience },
    mtls: true,
  });
  const good = await server.mintAccessToken();
  const header = { alg: 'RS256', typ: 'at+jwt' };
  const claims = {
    iss: server.issuer,
    aud: audience,
    sub: 'alice',
    client_id: 'app',
    jti: '1',
    iat: now,
    exp: now + 300,
  };
  const createToken = (random: Random): string => {
    const [, , signature] = good.split('.');
    return random.oneIn(2)
      ? mutateText(random, good)
      : `${encodeText(mutateMembers(random, header))}.${encodeText(mutateMembers(random, claims))}.${signature}`;
  };
  /** Returns whether the request was accepted. Any error that is not typed fails the test. */
  const isAccepted = async (headers: Record<string, string>): Promise<boolean> => {
    try {
      await verifier.verify({ method: 'GET', url: '/', headers });
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(AuthError);
      expect([400, 401, 503]).toContain((error as { status?: number }).status ?? 503);
      return false;
    }
  };
  return { server, good, now, createToken, isAccepted };
}

test(
  'A9: accepts only an Authorization header with the issued token, and rejects others with a typed error',
  timeout,
  async () => {
    const { good, createToken, isAccepted } = await start();
    const counts = await fuzzSurface({
      name: 'Authorization',
      runs,
      async attempt(random, index) {
        if (index % 100 === 0) return isAccepted({ authorization: `Bearer ${good}` });
        const authorization = random.oneIn(2)
          ? `Bearer ${createToken(random)}`
          : mutateText(random, `Bearer ${good}`);
        const accepted = await isAccepted({ authorization });
        if (accepted)
          expect(authorization).toMatch(new RegExp(`^bearer +${good.replaceAll('.', '\\.')}$`, 'i'));
        return accepted;
      },
    });
    expect(counts.accepted).toBeGreaterThanOrEqual(Math.floor(runs / 100));
  },
);

test(
  'A9: accepts only a DPoP header with the signed proof, and rejects others with a typed error',
  timeout,
  async () => {
    const { server, now, isAccepted } = await start();
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const token = await server.mintAccessToken({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
    const ath = encodeBytes(
      new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))),
    );
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk };
    const claims = { htm: 'GET', htu: `${audience}/`, iat: now, ath };
    const counts = await fuzzSurface({
      name: 'DPoP',
      runs,
      async attempt(random, index) {
        const isGood = index % 100 === 0;
        const proof = await new SignJWT({ ...claims, jti: `${index}` })
          .setProtectedHeader(header)
          .sign(privateKey);
        const [, , signature] = proof.split('.');
        const forged = `${encodeText(mutateMembers(random, header))}.${encodeText(mutateMembers(random, { ...claims, jti: `${index}` }))}.${signature}`;
        const dpop = isGood ? proof : random.oneIn(2) ? forged : mutateText(random, proof);
        const accepted = await isAccepted({ authorization: `DPoP ${token}`, dpop });
        if (isGood) expect(accepted).toBe(true);
        if (accepted) expect(dpop).toBe(proof);
        return accepted;
      },
    });
    expect(counts.accepted).toBeGreaterThanOrEqual(Math.floor(runs / 100));
  },
);
