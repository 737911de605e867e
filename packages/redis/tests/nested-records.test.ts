import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { clientSecretBasic, createClient } from '@countersign/core';
import { createWebSessions, type WebSessions } from '@countersign/core/session';
import { createTestAuthorizationServer } from '@countersign/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRedisStores } from '../src/stores.ts';
import { servers, startTestRedis, type TestRedis } from './support/redis.ts';

// Records of a store that nest JSON deeply. Those that are encrypted were written by a process that has the secret, or the
// refresh token.

const baseUrl = 'https://app.example.test';
const secret = 'a secret for tests with more than 32 characters';
const nested = '['.repeat(100_000) + ']'.repeat(100_000);

/** Decrypts a value of the sealer of sessions, and encrypts it with a deeply nested member. */
function addNestedMember(value: string): string {
  const [header = '', , ...parts] = value.split('.');
  const [iv, ciphertext, tag] = parts.map((part) => Buffer.from(part, 'base64url')) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  const { purpose } = JSON.parse(Buffer.from(header, 'base64url').toString());
  const key = new Uint8Array(hkdfSync('sha256', secret, '', `countersign ${purpose}`, 32));
  const additionalData = Buffer.from(header, 'latin1');
  const decipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(additionalData).setAuthTag(tag);
  const text = decipher.update(ciphertext, undefined, 'utf8') + decipher.final('utf8');
  const nextIv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nextIv).setAAD(additionalData);
  const encrypted = [cipher.update(`${text.slice(0, -1)},"deep":${nested}}`), cipher.final()];
  const next = [nextIv, Buffer.concat(encrypted), cipher.getAuthTag()];
  return [header, '', ...next.map((part) => part.toString('base64url'))].join('.');
}

/** Encrypts a text as a successor of a refresh token. */
function encryptSuccessor(text: string, refreshToken: string): string {
  const key = new Uint8Array(hkdfSync('sha256', refreshToken, '', 'countersign successor', 32));
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  return `${iv.toString('base64url')}.${ciphertext.toString('base64url')}`;
}

describe.each(servers)('C9: a record that nests JSON 100,000 levels deep, in $name', (server) => {
  let redis: TestRedis;
  let client: Awaited<ReturnType<TestRedis['connect']>>;
  beforeAll(async () => {
    redis = await startTestRedis({ server });
    client = await redis.connect();
  });
  afterAll(() => redis.close());
  beforeEach(async () => void (await client.flushAll()));

  /** Starts an application and logs a user in. */
  async function start(kind: 'cookie' | 'stored') {
    const issuer = await createTestAuthorizationServer();
    const refreshTokens: string[] = [];
    const { store, ...stores } = createRedisStores(client);
    const sessions = createWebSessions(
      createClient({
        issuer: issuer.issuer,
        clientId: 'web',
        clientAuthentication: clientSecretBasic('web-secret'),
        scope: 'openid offline_access',
        now: issuer.clock.now,
        onEvent: () => {},
        async fetch(url, init) {
          const response = await issuer.fetch(url, init);
          const body = await response
            .clone()
            .json()
            .catch(() => ({}));
          if (body.refresh_token) refreshTokens.push(body.refresh_token);
          return response;
        },
      }),
      { secret, baseUrl, ...stores, ...(kind === 'stored' && { store }) },
    );
    const logIn = async () => {
      const started = await visit(sessions, '/auth/login');
      const { url } = await issuer.authorize(started.headers.get('location') ?? '');
      const response = await visit(sessions, url.pathname + url.search, readCookies(started));
      expect(response.status).toBe(303);
      return readCookies(response);
    };
    return { issuer, sessions, stores, refreshTokens, logIn };
  }

  test.each(['as text', 'encrypted'])(
    'a stored session %s counts as no session, and a login follows',
    async (form) => {
      const { sessions, logIn } = await start('stored');
      const cookie = await logIn();
      expect((await sessions.open(cookie)).session).toMatchObject({ user: { sub: 'alice' } });
      const [key = ''] = await client.keys('countersign:session:*');
      const sealed = (await client.hGet(key, 'value')) ?? '';
      const value = form === 'as text' ? nested : addNestedMember(sealed);
      await client.hSet(key, 'value', value);
      expect((await sessions.open(cookie)).session).toBeUndefined();
      await expect((await sessions.open(cookie)).getAccessToken()).rejects.toMatchObject({
        name: 'LoginRequiredError',
      });
      expect((await sessions.open(await logIn())).session).toMatchObject({ user: { sub: 'alice' } });
    },
  );

  test.each(['as text', 'encrypted'])(
    'a successor %s is ignored, and the tokens are refreshed',
    async (form) => {
      const { issuer, sessions, refreshTokens, logIn } = await start('stored');
      const cookie = await logIn();
      const refreshToken = refreshTokens.at(-1) ?? '';
      const key = createHash('sha256')
        .update(JSON.stringify(['countersign refresh', issuer.issuer, 'web', refreshToken]))
        .digest('base64url');
      const text = `{"tokens":{"claims":${nested}}}`;
      const value = form === 'as text' ? text : encryptSuccessor(text, refreshToken);
      await client.set(`countersign:successor:${key}`, value);
      const requestSession = await sessions.open(cookie, { writable: true });
      expect(await requestSession.getAccessToken({ forceRefresh: true })).toMatchObject({
        tokenType: 'Bearer',
      });
      // The record was found: the refresh has replaced it.
      expect(await client.get(`countersign:successor:${key}`)).not.toBe(value);
      expect(refreshTokens).toHaveLength(2);
    },
  );

  test('a replay record counts as used', async () => {
    const { stores } = await start('cookie');
    await client.set('countersign:replay:dpop:proof', nested);
    expect(await stores.replay.has('dpop proof')).toBe(true);
    expect(await stores.replay.claim('dpop proof', 1_000)).toBe(false);
  });

  test('a tombstone is an error of the store: a session that it has ended does not continue', async () => {
    const { stores } = await start('cookie');
    await stores.tombstones.set('known', 1_000, 60_000);
    await client.set('countersign:ended:nested', nested);
    await expect(stores.tombstones.latest(['known', 'nested'])).rejects.toMatchObject({
      name: 'TransportError',
      code: 'store_unavailable',
    });
  });
});

const visit = async (sessions: WebSessions, path: string, cookie = ''): Promise<Response> => {
  const response = await sessions.handle(new Request(new URL(path, baseUrl), { headers: { cookie } }));
  if (!response) throw new Error(`no route at ${path}`);
  return response;
};

const readCookies = (response: Response): string =>
  response.headers
    .getSetCookie()
    .filter((line) => !/; Max-Age=0(;|$)/.test(line))
    .map((line) => line.split(';', 1)[0])
    .join('; ');
