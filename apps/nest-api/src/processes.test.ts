import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestAuthorizationServer } from '@countersign/testing';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findFreePort } from '../../../scripts/lib/processes/ports.ts';

const audience = 'https://api.countersign.example';
const origin = 'https://api.example.test';

const cleanups: (() => Promise<unknown>)[] = [];
let server: Awaited<ReturnType<typeof createTestAuthorizationServer>>;
let apis: string[];

beforeAll(async () => {
  server = await createTestAuthorizationServer({ resources: [audience] });
  const { issuer, close } = await server.listen();
  cleanups.push(close);
  const directory = mkdtempSync(join(tmpdir(), 'nest-api-'));
  cleanups.unshift(async () => rmSync(directory, { recursive: true, force: true }));
  const redisPort = await findFreePort();
  start(process.env.REDIS_SERVER_PATH || 'redis-server', [
    ...['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--dir', directory],
  ]);
  apis = await Promise.all(
    [1, 2].map(async () => {
      const port = await findFreePort();
      start(process.execPath, [join(import.meta.dirname, '../dist/main.js')], {
        NEST_API_PORT: String(port),
        ISSUER: issuer,
        AUDIENCE: audience,
        ORIGIN: origin,
        REDIS_URL: `redis://127.0.0.1:${redisPort}`,
      });
      return `http://localhost:${port}`;
    }),
  );
  const healthy = async (api: string) => expect((await fetch(`${api}/health`)).ok).toBe(true);
  for (const api of apis) await vi.waitFor(() => healthy(api), { timeout: 30_000, interval: 100 });
}, 60_000);

afterAll(async () => {
  for (const cleanUp of cleanups) await cleanUp();
});

function start(command: string, args: string[], env: Record<string, string> = {}): void {
  const child: ChildProcess = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
  const exited = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  cleanups.unshift(() => {
    child.kill();
    return exited;
  });
}

/** Creates a token that is bound to a key. The returned function creates headers with a new proof. */
async function createProver() {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  const token = await server.mintAccessToken({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
  return async (): Promise<Record<string, string>> => {
    const dpop = await new SignJWT({
      jti: crypto.randomUUID(),
      htm: 'GET',
      htu: `${origin}/me/key`,
      ath: createHash('sha256').update(token).digest('base64url'),
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .setIssuedAt()
      .sign(privateKey);
    return { authorization: `DPoP ${token}`, dpop };
  };
}

test('A6: two processes that share Redis accept a proof once', {
  timeout: 30_000,
}, async () => {
  const createProof = await createProver();
  const call = async (process: number, headers: Record<string, string>) => {
    const { status, headers: responseHeaders } = await fetch(`${apis[process]}/me/key`, { headers });
    return { status, challenge: responseHeaders.get('www-authenticate') };
  };
  const proof = await createProof();
  expect(await call(0, proof)).toMatchObject({ status: 200 });
  for (const process of [1, 0])
    expect(await call(process, proof)).toMatchObject({
      status: 401,
      challenge: expect.stringContaining('DPoP error="invalid_dpop_proof"'),
    });
  expect(await call(1, await createProof())).toMatchObject({ status: 200 });

  const sharedProof = await createProof();
  const responses = await Promise.all(Array.from({ length: 20 }, (_, i) => call(i % 2, sharedProof)));
  expect(responses.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(401)]);
});
