import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateDpopKeyPair } from '@countersign/core';
import { createAccessTokenVerifier } from '@countersign/core/resource-server';
import { createTestAuthorizationServer } from '@countersign/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRedisReplayStore } from '../src/replay-store.ts';
import { startTestRedis, type TestRedis } from './support/redis.ts';

const audience = 'https://api.example.test';

let redis: TestRedis;
const closing: (() => unknown)[] = [];
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(async () => {
  for (const close of closing) close();
  await redis.close();
});

const issuer = await createTestAuthorizationServer({ resources: [audience] });

/** Starts an API with a separate connection, like another process. */
async function startApi(): Promise<string> {
  const verifier = createAccessTokenVerifier({
    issuer: issuer.issuer,
    audience,
    fetch: issuer.fetch,
    dpop: {
      origin: audience,
      replayStore: createRedisReplayStore(await redis.connect(), { commandTimeout: 500 }),
    },
  });
  const verifyStatus = (request: IncomingMessage) =>
    verifier.verify(request).then(
      () => 200,
      (error: { name: string; status?: number }) =>
        error.name === 'TransportError' ? 503 : (error.status ?? 500),
    );
  const server = createServer(async (request, response) => {
    response.writeHead(await verifyStatus(request)).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A token that is bound to a key, and proofs of that key. */
async function createHolder() {
  const { privateKey, publicKey } = await generateDpopKeyPair();
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  const encode = (value: string | Uint8Array) => Buffer.from(value).toString('base64url');
  const digest = async (text: string) =>
    encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
  const jkt = await digest(JSON.stringify({ crv, kty, x, y }));
  const token = await issuer.mintAccessToken({ cnf: { jkt } });
  return async () => {
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } };
    const iat = Math.floor(Date.now() / 1000);
    const claims = {
      jti: crypto.randomUUID(),
      htm: 'GET',
      htu: `${audience}/items`,
      iat,
      ath: await digest(token),
    };
    const data = `${encode(JSON.stringify(header))}.${encode(JSON.stringify(claims))}`;
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
    const signature = await crypto.subtle.sign(algorithm, privateKey, new TextEncoder().encode(data));
    return { authorization: `DPoP ${token}`, dpop: `${data}.${encode(new Uint8Array(signature))}` };
  };
}

test('A6: accepts a proof once in all processes that share Redis', async () => {
  const apis = await Promise.all([startApi(), startApi()]);
  const prove = await createHolder();
  const call = async (api: number, headers: Record<string, string>) =>
    (await fetch(`${apis[api]}/items`, { headers })).status;

  const proof = await prove();
  expect(await call(0, proof)).toBe(200);
  expect(await call(1, proof)).toBe(401);
  expect(await call(1, await prove())).toBe(200);

  const sharedProof = await prove();
  const all = await Promise.all(Array.from({ length: 30 }, (_, i) => call(i % 2, sharedProof)));
  expect(all.filter((status) => status === 200)).toHaveLength(1);
  expect(all.filter((status) => status === 401)).toHaveLength(29);
});

test('A6: responds with 503 while Redis is unavailable, and then accepts each proof once', async () => {
  const api = await startApi();
  const prove = await createHolder();
  const call = async (headers: Record<string, string>) => (await fetch(`${api}/items`, { headers })).status;
  const used = await prove();
  expect(await call(used)).toBe(200);
  await redis.kill();
  expect(await call(await prove())).toBe(503);
  await redis.start();
  const deadline = Date.now() + 10_000;
  let status = 503;
  while (status === 503 && Date.now() < deadline) status = await call(await prove());
  expect(status).toBe(200);
  expect(await call(used)).toBe(401);
}, 30_000);
