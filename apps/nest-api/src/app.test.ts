import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { createTestAuthorizationServer } from '@countersign/testing';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from './create-app.ts';
import { readSettings } from './settings.ts';

const audience = 'https://api.countersign.example';

let server: Awaited<ReturnType<typeof createTestAuthorizationServer>>;
let url: string;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await createTestAuthorizationServer({ resources: [audience] });
  const { issuer, close } = await server.listen();
  cleanups.push(close);
  const app = await createApp(
    readSettings({ ISSUER: issuer, AUDIENCE: audience, ORIGIN: 'https://api.example.test' }),
  );
  await app.listen(0, '127.0.0.1');
  cleanups.unshift(() => app.close());
  url = await app.getUrl();
}, 30_000);
afterAll(async () => {
  for (const cleanUp of cleanups) await cleanUp();
});

async function http(method: string, path: string, authorization?: string, more: RequestInit = {}) {
  const response = await fetch(url + path, {
    method,
    ...more,
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }), ...more.headers },
  });
  const text = await response.text();
  return { status: response.status, body: text && JSON.parse(text), headers: response.headers };
}

async function graphql(query: string, authorization?: string) {
  const { body } = await http('POST', '/graphql', authorization, { body: JSON.stringify({ query }) });
  return { code: body.errors?.[0]?.extensions?.code as string | undefined, data: body.data };
}

function socket(event: string, token?: string): Promise<unknown> {
  return new Promise((resolve) => {
    const client = io(url, { auth: { token }, transports: ['websocket'], forceNew: true });
    const finish = (reply: unknown) => {
      resolve(reply);
      client.close();
    };
    client.once(event, finish);
    client.once('exception', finish);
    client.once('disconnect', finish);
    client.emit(event, {});
  });
}

test('health, the OpenAPI document and the metadata of the resource are public', async () => {
  expect(await http('GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
  const { body } = await http('GET', '/docs-json');
  expect(body.paths['/items'].get.security).toEqual([{ access_token: ['items:read'] }]);
  expect(body.paths['/health'].get.security).toEqual([{}]);
  const summaries = [
    ['/health', 'public'],
    ['/me', 'any access token'],
    ['/items', 'items:read'],
  ] as const;
  for (const [path, access] of summaries)
    expect(body.paths[path].get.summary).toMatch(new RegExp(`^[A-Z].* · ${access}$`));
  const root = await fetch(url, { redirect: 'manual' });
  expect([root.status, root.headers.get('location')]).toEqual([302, '/docs']);
  expect(Object.keys(body.paths).join()).not.toContain('well-known');
  expect((await http('GET', '/.well-known/oauth-protected-resource')).body).toMatchObject({
    resource: 'https://api.example.test',
    authorization_servers: [server.issuer],
  });
});

describe('rejects no token, an invalid token and a token without the scope, and accepts a valid token', () => {
  const tokens = async () => ({
    bad: await server.mintAccessToken({ scope: 'items:read items:write' }, { foreignKey: true }),
    lacking: await server.mintAccessToken({ scope: 'openid' }),
    good: await server.mintAccessToken({ scope: 'items:read items:write' }),
  });

  test.each([
    ['GET', '/items', 200],
    ['POST', '/items', 201],
  ])('HTTP: %s %s', async (method, path, status) => {
    const { bad, lacking, good } = await tokens();
    const more = method === 'POST' ? { body: JSON.stringify({ title: 'milk' }) } : {};
    expect((await http(method, path, undefined, more)).status).toBe(401);
    expect((await http(method, path, `Bearer ${bad}`, more)).status).toBe(401);
    expect((await http(method, path, `Bearer ${lacking}`, more)).status).toBe(403);
    expect((await http(method, path, `Bearer ${good}`, more)).status).toBe(status);
  });

  test.each(['{ items { title } }', 'mutation { createItem(title: "bread") { title } }'])(
    'GraphQL: %s',
    async (query) => {
      const { bad, lacking, good } = await tokens();
      expect(await graphql(query)).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(await graphql(query, `Bearer ${bad}`)).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(await graphql(query, `Bearer ${lacking}`)).toMatchObject({ code: 'FORBIDDEN' });
      expect(await graphql(query, `Bearer ${good}`)).toMatchObject({
        code: undefined,
        data: expect.any(Object),
      });
    },
  );

  test('WebSocket', async () => {
    const { bad, lacking, good } = await tokens();
    // The gateway closes such a connection, before or after it rejects the message.
    for (const token of [undefined, bad]) {
      const reply = await socket('items', token);
      expect([reply, (reply as { statusCode?: number }).statusCode]).toSatisfy(
        ([text, status]: unknown[]) => text === 'io server disconnect' || status === 401,
      );
    }
    expect(await socket('items', lacking)).toMatchObject({ statusCode: 403, code: 'insufficient_scope' });
    expect(await socket('items', good)).toBeInstanceOf(Array);
  });
});

test('step-up: deleting all items requires a recent login', async () => {
  const scope = 'items:write';
  const now = Math.floor(server.clock.now() / 1000);
  const response = await http(
    'DELETE',
    '/items',
    `Bearer ${await server.mintAccessToken({ scope, auth_time: now - 600 })}`,
  );
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toContain('error="insufficient_user_authentication"');
  expect(response.headers.get('www-authenticate')).toContain('max_age="300"');
  const fresh = await server.mintAccessToken({ scope, auth_time: now - 10 });
  expect((await http('DELETE', '/items', `Bearer ${fresh}`)).status).toBe(204);
});

test('DPoP: a route that requires a bound token accepts it only with its proof', async () => {
  expect((await http('GET', '/me/key', `Bearer ${await server.mintAccessToken()}`)).status).toBe(403);
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  const thumbprint = await calculateJwkThumbprint(jwk);
  const token = await server.mintAccessToken({ cnf: { jkt: thumbprint } });
  const dpop = await new SignJWT({
    jti: crypto.randomUUID(),
    htm: 'GET',
    htu: 'https://api.example.test/me/key',
    ath: createHash('sha256').update(token).digest('base64url'),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
    .setIssuedAt()
    .sign(privateKey);
  expect(await http('GET', '/me/key', `DPoP ${token}`, { headers: { dpop } })).toMatchObject({
    status: 200,
    body: { thumbprint },
  });
  expect((await http('GET', '/me/key', `Bearer ${token}`)).status).toBe(401);
});

test('health: reports the age of the keys, the cache hit ratio and rejections by code', async () => {
  const path = '/health/access-tokens';
  expect((await http('GET', path)).status).toBe(401);
  const authorization = `Bearer ${await server.mintAccessToken()}`;
  const before = (await http('GET', path, authorization)).body;
  await http('GET', '/me', 'Bearer nonsense');
  const { status, body } = await http('GET', path, authorization);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    accepted: before.accepted + 1,
    cacheHitRatio: (before.caches.verifiedTokens.hits + 1) / (before.accepted + 1),
    caches: { verifiedTokens: { hits: before.caches.verifiedTokens.hits + 1 } },
    rejected: { invalid_token: (before.rejected.invalid_token ?? 0) + 1 },
    issuers: [{ issuer: server.issuer, keysAge: expect.any(Number), usable: true }],
  });
});

test('reports require another audience and scope', async () => {
  const reports = await server.mintAccessToken({
    scope: 'reports:read',
    audience: 'https://reports.countersign.example',
  });
  expect(await http('GET', '/reports', `Bearer ${reports}`)).toMatchObject({
    status: 200,
    body: { items: 0 },
  });
  expect((await http('GET', '/items', `Bearer ${reports}`)).status).toBe(403);
  const items = await server.mintAccessToken({ scope: 'items:read' });
  expect((await http('GET', '/reports', `Bearer ${items}`)).status).toBe(403);
});

test('the browser application can call the API and read the reason of a rejection', async () => {
  const [origin = ''] = readSettings({}).corsOrigins;
  const { headers } = await http('GET', '/items', undefined, { headers: { origin } });
  expect(headers.get('access-control-allow-origin')).toBe(origin);
  expect(headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
});

test('responds to an empty title with 400 and an explanation', async () => {
  const token = await server.mintAccessToken({ scope: 'items:write' });
  const more = { body: JSON.stringify({ title: ' ' }) };
  expect(await http('POST', '/items', `Bearer ${token}`, more)).toMatchObject({
    status: 400,
    body: { statusCode: 400, error: 'Bad Request', message: 'title must be a string of 1 to 200 characters' },
  });
});
