import { createTestAuthorizationServer } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import { clientSecretBasic } from '../../src/client/wire/client-authentication.ts';
import { createAccessTokenVerifier, type IntrospectionOptions } from '../../src/resource-server/index.ts';

const audience = 'https://api.example.test';

/** Creates two issuers. Each opaque token begins with the name of its issuer. */
async function setUp(a: Partial<IntrospectionOptions> | undefined, b: Partial<IntrospectionOptions>) {
  const introspected: string[] = [];
  const servers = await Promise.all(
    ['a', 'b'].map((name) =>
      createTestAuthorizationServer({
        issuer: `https://${name}.example.test`,
        resources: [audience],
        ownKeys: true,
        clients: [{ clientId: 'api', clientSecret: 'api-secret' }],
      }),
    ),
  );
  const [one, two] = servers as [(typeof servers)[number], (typeof servers)[number]];
  const fetch = async (url: string, init: RequestInit) => {
    const { host, pathname } = new URL(url);
    if (pathname.includes('introspect')) {
      const token = new URLSearchParams(String(init.body)).get('token') ?? '';
      introspected.push(`${host} ${token}`);
      const active = token.startsWith(host.slice(0, 2)) || token.startsWith('ey');
      return Response.json({ active, sub: 'alice', client_id: 'app', aud: audience });
    }
    return (url.startsWith(one.issuer) ? one : two).fetch(url, init);
  };
  const shared = { clientId: 'api', clientAuthentication: clientSecretBasic('api-secret') };
  const create = () =>
    createAccessTokenVerifier({
      issuers: [
        { issuer: one.issuer, audience, ...(a && { introspection: { ...shared, ...a } }) },
        { issuer: two.issuer, audience, introspection: { ...shared, ...b } },
      ],
      fetch,
    });
  return { one, two, create, introspected };
}

const acceptPrefix = (prefix: string) => ({ accepts: (token: string) => token.startsWith(prefix) });

describe('R1: an opaque token is sent to its issuer only', () => {
  test.each<[string, Partial<IntrospectionOptions>, Partial<IntrospectionOptions>]>([
    ['all and opaque', { tokens: 'all' }, { tokens: 'opaque' }],
    ['opaque and all', { tokens: 'opaque' }, { tokens: 'all' }],
    ['all twice', { tokens: 'all' }, { tokens: 'all' }],
    ['the default twice', {}, {}],
    ['only one of them with accepts', { tokens: 'all' }, { ...acceptPrefix('b.') }],
  ])('throws for an ambiguous configuration: %s', async (_, a, b) => {
    const { create } = await setUp(a, b);
    expect(create).toThrow(/introspection\.accepts/);
    expect(create).toThrow(expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_option' }));
  });

  test('selects the issuer by introspection.accepts, and rejects a token of none or of both', async () => {
    const { create, introspected } = await setUp(
      { tokens: 'all', accepts: (token) => /^(a\.|both)/.test(token) },
      { accepts: (token) => /^(b\.|both)/.test(token) },
    );
    const verifier = create();
    await expect(verifier.verifyToken('b.1')).resolves.toMatchObject({ issuer: 'https://b.example.test' });
    await expect(verifier.verifyToken('a.1')).resolves.toMatchObject({ issuer: 'https://a.example.test' });
    for (const token of ['c.1', 'both', ''])
      await expect(verifier.verifyToken(token)).rejects.toMatchObject({ status: 401 });
    expect(introspected).toEqual(['b.example.test b.1', 'a.example.test a.1']);
  });

  test("introspects JWTs but no opaque tokens of an issuer with tokens: 'jwt'", async () => {
    const { create, introspected, one, two } = await setUp({ tokens: 'jwt' }, { tokens: 'opaque' });
    const verifier = create();
    const [firstJwt, secondJwt] = await Promise.all([one, two].map((server) => server.mintAccessToken()));
    await expect(verifier.verifyToken('b.1')).resolves.toMatchObject({ issuer: two.issuer });
    await expect(verifier.verifyToken(firstJwt as string)).resolves.toMatchObject({ issuer: one.issuer });
    await expect(verifier.verifyToken(secondJwt as string)).resolves.toMatchObject({ issuer: two.issuer });
    expect(introspected).toEqual(['b.example.test b.1', `a.example.test ${firstJwt}`]);
  });

  test('routes opaque tokens beside an issuer without introspection', async () => {
    const { create, introspected } = await setUp(undefined, { tokens: 'all' });
    await expect(create().verifyToken('b.1')).resolves.toBeDefined();
    expect(introspected).toEqual(['b.example.test b.1']);
  });

  test('rejects a token when accepts throws', async () => {
    const { create, introspected } = await setUp(undefined, {
      accepts: () => {
        throw new Error('broken');
      },
    });
    await expect(create().verifyToken('b.1')).rejects.toMatchObject({ status: 401 });
    expect(introspected).toEqual([]);
  });

  test('throws for an unknown value of tokens', async () => {
    const { create } = await setUp(undefined, { tokens: 'jwts' as 'jwt' });
    expect(create).toThrow(/introspection\.tokens/);
  });
});
