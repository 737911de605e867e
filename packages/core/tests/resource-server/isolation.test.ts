// @platforms node, edge: a browser keeps the modules that it has loaded.
import { clientSecretBasic } from '@countersign/core';
import { createTestAuthorizationServer } from '@countersign/testing';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import * as first from '../../src/resource-server/index.ts';

const audience = 'https://api.example.test';
type ResourceServer = typeof first;

const request = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe('R6: verifiers share no results', () => {
  let second: ResourceServer;

  beforeAll(async () => {
    // The copy of a built package is built too.
    vi.resetModules();
    second = await import('../../src/resource-server/index.ts');
  });

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

  test.each(['one module', 'two copies of the module'])('of introspection, of %s', async (modules) => {
    const other = modules === 'one module' ? first : second;
    const inactive = 'an-opaque-token-that-only-the-second-issuer-accepts';
    const introspected: string[] = [];
    /** Creates a verifier whose issuer assigns each opaque token to one user. */
    const createVerifier = async (copy: ResourceServer, name: string, sub: string) => {
      const { issuer, fetch } = await createTestAuthorizationServer({
        issuer: `https://${name}.example.test`,
      });
      return copy.createAccessTokenVerifier({
        issuer,
        audience,
        async fetch(url, init) {
          if (!new URL(url).pathname.endsWith('introspect')) return fetch(url, init);
          const token = new URLSearchParams(String(init.body)).get('token');
          introspected.push(`${name} ${token}`);
          const exp = Math.floor(Date.now() / 1000) + 300;
          const active = { active: true, iss: issuer, sub, aud: audience, client_id: 'app', exp };
          return Response.json(name === 'one' && token === inactive ? { active: false } : active);
        },
        introspection: { clientId: 'api', clientAuthentication: clientSecretBasic('secret') },
      });
    };
    const one = await createVerifier(first, 'one', 'alice');
    const two = await createVerifier(other, 'two', 'bob');
    const token = 'an-opaque-token-that-both-issuers-accept';
    const findUsers = () =>
      Promise.all(
        [one, two, one, two].map(async (verifier) => (await verifier.verify(request(token))).accessToken.sub),
      );
    expect(await findUsers()).toEqual(['alice', 'bob', 'alice', 'bob']);
    // These results are cached.
    expect(await findUsers()).toEqual(['alice', 'bob', 'alice', 'bob']);
    for (let i = 0; i < 2; i++) {
      await expect(one.verify(request(inactive))).rejects.toMatchObject({ code: 'invalid_token' });
      await expect(two.verify(request(inactive))).resolves.toMatchObject({ accessToken: { sub: 'bob' } });
    }
    expect(introspected.sort()).toEqual([
      `one ${token}`,
      `one ${inactive}`,
      `two ${token}`,
      `two ${inactive}`,
    ]);
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
