// @platforms node, edge: the suite copies files and imports the copy.
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestAuthorizationServer } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as first from '../../src/resource-server/index.ts';

const audience = 'https://api.example.test';
type ResourceServer = typeof first;

const request = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe('R6: verifiers share no results', () => {
  let folder: string;
  let second: ResourceServer;

  beforeAll(async () => {
    const source = join(import.meta.dirname, '../../src');
    folder = await mkdtemp(join(source, '../.copy-'));
    await cp(source, join(folder, 'src'), { recursive: true });
    await cp(join(source, '../package.json'), join(folder, 'package.json'));
    await symlink(join(source, '../node_modules'), join(folder, 'node_modules'));
    second = await import(join(folder, 'src/resource-server/index.ts'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('the test loads the copy as a separate module', () => {
    expect(second.createAccessTokenVerifier).not.toBe(first.createAccessTokenVerifier);
    expect(second.AuthenticatedRequest).not.toBe(first.AuthenticatedRequest);
  });

  test.each(['one module', 'two copies of the module'])('of %s', async (modules) => {
    const other = modules === 'one module' ? first : second;
    const [one, two] = await Promise.all([
      createTestAuthorizationServer({
        issuer: 'https://one.example.test',
        resources: [audience],
        ownKeys: true,
      }),
      createTestAuthorizationServer({
        issuer: 'https://two.example.test',
        resources: [audience],
        ownKeys: true,
      }),
    ]);
    const shared = { audience, now: Date.now };
    const firstVerifier = first.createAccessTokenVerifier({
      ...shared,
      issuer: one.issuer,
      fetch: one.fetch,
    });
    const variants = [
      { issuer: two.issuer, fetch: two.fetch },
      { issuer: one.issuer, fetch: one.fetch, audience: 'https://other.example.test' },
      { issuer: one.issuer, fetch: one.fetch, requireBinding: 'dpop' as const, dpop: { origin: audience } },
      // The same issuer with other keys, as for a test system and a production system.
      { issuer: one.issuer, fetch: two.fetch, discovery: 'openid' as const, jwksUri: `${one.issuer}/jwks` },
      {
        issuer: one.issuer,
        fetch: one.fetch,
        validate: () => {
          throw new Error('no');
        },
      },
    ].map((options) => other.createAccessTokenVerifier({ ...shared, ...options }));
    const token = await one.mintAccessToken();
    await firstVerifier.verify(request(token));
    expect(firstVerifier.findCachedRequest?.(request(token))).toMatchObject({
      accessToken: { issuer: one.issuer },
    });
    for (const verifier of variants) {
      expect(verifier.findCachedRequest?.(request(token))).toBeUndefined();
      await expect(verifier.verify(request(token))).rejects.toBeInstanceOf(first.AuthError);
      expect(verifier.findCachedRequest?.(request(token))).toBeUndefined();
    }
    await expect(variants[0]?.verify(request(await two.mintAccessToken()))).resolves.toMatchObject({
      accessToken: { issuer: two.issuer },
    });
  });

  test('recognizes an authenticated request of another copy', async () => {
    const server = await createTestAuthorizationServer({ resources: [audience] });
    const verifier = second.createAccessTokenVerifier({
      issuer: server.issuer,
      audience,
      fetch: server.fetch,
    });
    const token = await server.mintAccessToken();
    const authenticated = await verifier.verify(request(token));
    expect(authenticated).toBeInstanceOf(first.AuthenticatedRequest);
    expect(authenticated).toMatchObject({ accessToken: { sub: 'alice' }, token });
    for (const value of [{}, { accessToken: {} }, null, undefined, 'x', Object.create(null)])
      expect(value).not.toBeInstanceOf(first.AuthenticatedRequest);
  });

  test('distinguishes users whose tokens have the same beginning and ending', async () => {
    const server = await createTestAuthorizationServer({ resources: [audience] });
    const verifier = first.createAccessTokenVerifier({
      issuer: server.issuer,
      audience,
      fetch: server.fetch,
    });
    const [alice, bob] = await Promise.all([
      server.mintAccessToken({ sub: 'alice' }),
      server.mintAccessToken({ sub: 'bob' }),
    ]);
    const all = await Promise.all([alice, bob, alice, bob].map((token) => verifier.verify(request(token))));
    expect(all.map(({ accessToken }) => accessToken.sub)).toEqual(['alice', 'bob', 'alice', 'bob']);
  });
});
