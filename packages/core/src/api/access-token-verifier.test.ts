import { createTestAuthorizationServer, type TestAuthorizationServerOptions } from '@countersign/testing';
import { base64url, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { type AccessTokenVerifierOptions, type AuthEvent, createAccessTokenVerifier } from './index.ts';

const audience = 'https://api.example.test';

async function setUp(
  options: Partial<AccessTokenVerifierOptions> = {},
  serverOptions: TestAuthorizationServerOptions = {},
) {
  const server = await createTestAuthorizationServer({ resources: [audience], ...serverOptions });
  const events: AuthEvent[] = [];
  const verifier = createAccessTokenVerifier({
    issuer: server.issuer,
    audience,
    fetch: server.fetch,
    now: server.clock.now,
    onEvent: (event) => events.push(event),
    ...options,
  } as AccessTokenVerifierOptions);
  return { server, verifier, events };
}

const request = (authorization?: string, more: Record<string, string> = {}) => ({
  method: 'GET',
  url: '/items',
  headers: { ...more, ...(authorization !== undefined && { authorization }) },
});

const encode = (value: unknown) => base64url.encode(JSON.stringify(value));
const decode = (part: string) => JSON.parse(new TextDecoder().decode(base64url.decode(part)));

describe('a good token', () => {
  test.each(['RS256', 'PS256', 'ES256', 'Ed25519'])('%s: is verified once and remembered', async (alg) => {
    const { server, verifier, events } = await setUp();
    const token = await server.mintAccessToken({ scope: 'items:read items:write' }, { alg });
    const { accessToken, scheme } = await verifier.verify(request(`Bearer ${token}`));
    expect(scheme).toBe('Bearer');
    expect(accessToken).toMatchObject({
      issuer: server.issuer,
      sub: 'alice',
      clientId: 'app',
      scopes: ['items:read', 'items:write'],
    });
    expect((await verifier.verify(request(`bearer  ${token}`))).accessToken).toBe(accessToken);
    expect(events.filter(({ type }) => type === 'token.accepted')).toEqual([
      { type: 'token.accepted', issuer: server.issuer, cached: false },
      { type: 'token.accepted', issuer: server.issuer, cached: true },
    ]);
    expect(server.requests.map(({ endpoint }) => endpoint)).toEqual(['discovery', 'jwks']);
  });

  test('no handler can change what another sees', async () => {
    const { server, verifier } = await setUp();
    const token = await server.mintAccessToken({ nested: { list: ['a'] } });
    const verified = await verifier.verifyToken(token);
    expect(() => (verified.scopes as string[]).push('admin')).toThrow(TypeError);
    expect(() => (verified.claims.nested as { list: string[] }).list.push('b')).toThrow(TypeError);
  });

  test('printing an authenticated request does not show the token', async () => {
    const { server, verifier } = await setUp();
    const token = await server.mintAccessToken();
    const authenticated = await verifier.verify(request(`Bearer ${token}`));
    expect(authenticated.token).toBe(token);
    const { inspect } = await import('node:util');
    expect(
      inspect(authenticated, { showHidden: true, depth: 9 }) + JSON.stringify(authenticated),
    ).not.toContain(token);
  });

  test('a Headers object does as well as a record', async () => {
    const { server, verifier } = await setUp();
    const headers = new Headers({ authorization: `Bearer ${await server.mintAccessToken()}` });
    await expect(verifier.verify({ method: 'GET', url: '/', headers })).resolves.toBeDefined();
  });
});

describe('A1: the algorithm is fixed by configuration', () => {
  test('alg none, with and without a signature, is refused', async () => {
    const { server, verifier } = await setUp();
    const [, payload] = (await server.mintAccessToken()).split('.');
    for (const alg of ['none', 'None', 'NONE']) {
      for (const signature of ['', 'AAAA']) {
        const token = `${encode({ alg, typ: 'at+jwt' })}.${payload}.${signature}`;
        await expect(verifier.verifyToken(token)).rejects.toMatchObject({
          code: 'invalid_token',
          status: 401,
        });
      }
    }
  });

  test('HS256 with the public key as the secret is refused', async () => {
    const { server, verifier } = await setUp();
    const response = await server.fetch(server.metadata.jwks_uri as string);
    const { keys } = (await response.json()) as { keys: { kid: string; n?: string }[] };
    const key = keys.find(({ n }) => n !== undefined);
    const [, payload = ''] = (await server.mintAccessToken()).split('.');
    const claims = decode(payload);
    for (const secret of [JSON.stringify(key), key?.n as string]) {
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: key?.kid as string })
        .sign(new TextEncoder().encode(secret));
      await expect(verifier.verifyToken(token)).rejects.toMatchObject({
        message: 'The signature algorithm of the access token is not accepted',
      });
    }
  });

  test.each(['HS256', 'none', 'dir', 'RS1'])('%s cannot be configured', async (alg) => {
    await expect(setUp({ algorithms: [alg as 'RS256'] })).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_option',
    });
  });

  test('an algorithm that is not configured is refused, though its key is published', async () => {
    const { server, verifier } = await setUp({ algorithms: ['ES256'] });
    await expect(verifier.verifyToken(await server.mintAccessToken())).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test('a key is never used for an algorithm of another kind', async () => {
    const { server, verifier } = await setUp();
    const es = await server.mintAccessToken({}, { alg: 'ES256' });
    const [, payload, signature] = es.split('.');
    const header = decode(es.split('.')[0] as string);
    const token = `${encode({ ...header, alg: 'RS256' })}.${payload}.${signature}`;
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({ code: 'invalid_token' });
  });
});

describe('A2: the header brings no keys and no extensions', () => {
  test.each([
    ['unknown crit', { crit: ['exp'], exp: 1 }],
    ['crit b64', { crit: ['b64'], b64: false }],
    ['b64 alone', { b64: false }],
    ['empty crit', { crit: [] }],
  ])('%s is refused, though it is signed', async (_, header) => {
    const { server, verifier } = await setUp();
    const token = await server.mintAccessToken({}, { header });
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({
      message: 'The access token has a critical header that is not understood',
    });
  });

  test('a kid that is no text is refused before any key is looked for', async () => {
    const { server, verifier } = await setUp();
    const token = rewritten(await server.mintAccessToken(), { kid: { toString: 'x' } });
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({
      message: 'The header of the access token is malformed',
    });
    expect(server.requests).toEqual([]);
  });

  test('jwk, jku, x5u and x5c are not used', async () => {
    const { server, verifier } = await setUp();
    const attacker = await createTestAuthorizationServer({ ownKeys: true });
    const response = await attacker.fetch(attacker.metadata.jwks_uri as string);
    const { keys } = (await response.json()) as { keys: Record<string, unknown>[] };
    const token = await attacker.mintAccessToken(
      { iss: server.issuer, aud: audience },
      { header: { jwk: keys[0], jku: attacker.metadata.jwks_uri, x5u: attacker.issuer, x5c: ['AAAA'] } },
    );
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({
      message: 'The signature of the access token is not valid',
    });
    expect(attacker.requestsTo('jwks')).toHaveLength(1);
  });

  test('a kid that looks like a path or a statement is only a name', async () => {
    const { server, verifier } = await setUp();
    const token = await server.mintAccessToken();
    for (const kid of ['../../etc/passwd', "' OR 1=1", '__proto__', 'constructor', ''])
      await expect(verifier.verifyToken(rewritten(token, { kid }))).rejects.toMatchObject({
        code: 'invalid_token',
      });
  });

  test('a repeated member is refused', async () => {
    const { server, verifier } = await setUp();
    const [, payload, signature] = (await server.mintAccessToken()).split('.');
    const header = base64url.encode('{"alg":"none","alg":"RS256","typ":"at+jwt"}');
    await expect(verifier.verifyToken(`${header}.${payload}.${signature}`)).rejects.toMatchObject({
      message: 'The header of the access token is malformed',
    });
  });

  test('there is one way to write a token: spare bits and padding are refused', async () => {
    const { server, verifier } = await setUp();
    const token = await server.mintAccessToken({}, { alg: 'ES256' });
    await verifier.verifyToken(token);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(token.at(-1) as string);
    const twin = token.slice(0, -1) + alphabet[last + 1];
    expect(base64url.decode(twin.split('.')[2] as string)).toEqual(
      base64url.decode(token.split('.')[2] as string),
    );
    for (const each of [twin, `${token}==`, `${token}=`]) {
      await expect(verifier.verifyToken(each)).rejects.toMatchObject({ code: 'invalid_token' });
    }
  });
});

describe('A3: what was verified is not believed for longer or for others', () => {
  test('a token that ends like a verified one is not taken for it', async () => {
    const { server, verifier } = await setUp();
    const token = await server.mintAccessToken({ sub: 'bob' });
    await verifier.verifyToken(token);
    const [header, , signature] = token.split('.');
    const [, payload] = (await server.mintAccessToken({ sub: 'alice' })).split('.');
    await expect(verifier.verifyToken(`${header}.${payload}.${signature}`)).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test('it ends at exp, with the tolerance, though it is remembered', async () => {
    const { server, verifier } = await setUp({ clockTolerance: 10 });
    server.clock.stop();
    const exp = Math.floor(server.clock.now() / 1000) + 60;
    const token = await server.mintAccessToken({ exp });
    await verifier.verifyToken(token);
    server.clock.stop((exp + 10) * 1000 - 1);
    await verifier.verifyToken(token);
    server.clock.stop((exp + 10) * 1000);
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({
      message: 'The access token has expired',
    });
  });

  test('it ends when its key leaves the key set', async () => {
    const { server, verifier } = await setUp({ keysMaxAge: 60 }, { ownKeys: true });
    const before = await server.mintAccessToken({ exp: 4e9 });
    await verifier.verifyToken(before);
    await server.rotateKeys();
    // Another token makes the new keys known.
    await verifier.verifyToken(await server.mintAccessToken({ exp: 4e9 }));
    await expect(verifier.verifyToken(before)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('it ends when its key leaves the key set, though nobody else asks', async () => {
    const { server, verifier } = await setUp({ keysMaxAge: 60 }, { ownKeys: true });
    const token = await server.mintAccessToken({ exp: 4e9 });
    await verifier.verifyToken(token);
    await server.rotateKeys();
    server.clock.advance(121);
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('it does not end when other keys come and go', async () => {
    const { server, verifier, events } = await setUp({ keysMaxAge: 60 }, { ownKeys: true });
    const token = await server.mintAccessToken({ exp: 4e9 });
    await verifier.verifyToken(token);
    await server.rotateKeys({ keepOld: true });
    await verifier.verifyToken(await server.mintAccessToken());
    await verifier.verifyToken(token);
    expect(events.at(-1)).toEqual({ type: 'token.accepted', issuer: server.issuer, cached: true });
  });
});

describe('A8: only access tokens are access tokens', () => {
  test('an ID token, a logout token and a refresh token are refused', async () => {
    const { server, verifier } = await setUp();
    const foreign = [
      await server.mintIdToken({ aud: audience, client_id: 'app', jti: '1' }),
      await server.mintLogoutToken({ aud: audience, client_id: 'app' }),
      await server.mintAccessToken({}, { header: { typ: 'JWT' } }),
      await server.mintAccessToken({}, { header: { typ: 'rt+jwt' } }),
      await server.mintAccessToken({}, { header: { typ: undefined } }),
      await server.mintAccessToken({}, { header: { typ: ['at+jwt'] } }),
    ];
    for (const token of foreign) {
      await expect(verifier.verifyToken(token)).rejects.toMatchObject({
        message: 'The token is not an access token',
      });
    }
  });

  test('typ may be written as a media type', async () => {
    const { server, verifier } = await setUp();
    const token = await server.mintAccessToken({}, { header: { typ: 'application/AT+JWT' } });
    await expect(verifier.verifyToken(token)).resolves.toBeDefined();
  });

  test.each(['sub', 'client_id', 'iat', 'jti', 'aud', 'exp', 'iss'])(
    'without %s it is refused',
    async (claim) => {
      const { server, verifier } = await setUp();
      const token = await server.mintAccessToken({ [claim]: undefined });
      await expect(verifier.verifyToken(token)).rejects.toMatchObject({ code: 'invalid_token' });
    },
  );

  test.each([
    ['another audience', { aud: 'https://other.example.test' }, 'The access token is for another audience'],
    [
      'an audience that only begins alike',
      { aud: `${audience}/` },
      'The access token is for another audience',
    ],
    ['an audience that is no text', { aud: { [audience]: 1 } }, 'The access token is for another audience'],
    ['expired', { exp: 1 }, 'The access token has expired'],
    ['exp that is no number', { exp: '99999999999' }, 'The claim exp of the access token is malformed'],
    ['not yet valid', { nbf: 4e9 }, 'The access token is not valid yet'],
    ['issued in the future', { iat: 4e9 }, 'The access token is from the future'],
    ['acr that is no text', { acr: ['mfa'] }, 'The claim acr of the access token is malformed'],
    ['jti that is no text', { jti: 42 }, 'The claim jti of the access token is malformed'],
    [
      'auth_time that is no number',
      { auth_time: '1' },
      'The claim auth_time of the access token is malformed',
    ],
    ['client_id that is no text', { client_id: {} }, 'The claim client_id of the access token is malformed'],
    ['longer than any token', { filler: 'x'.repeat(16_000) }, 'The access token is too long'],
    ['sub that is no text', { sub: 42 }, 'The access token has no subject'],
    ['unknown binding', { cnf: { x: 'y' } }, 'The access token is bound in a way that is not understood'],
  ])('%s is refused', async (_, claims, message) => {
    const { server, verifier } = await setUp();
    await expect(verifier.verifyToken(await server.mintAccessToken(claims))).rejects.toMatchObject({
      message,
    });
  });

  test('one of several audiences is enough', async () => {
    const { server, verifier } = await setUp();
    const token = await server.mintAccessToken({ aud: ['https://other.example.test', audience] });
    await expect(verifier.verifyToken(token)).resolves.toBeDefined();
  });

  test('a further check of the API refuses, and its own words stay inside', async () => {
    const { server, verifier } = await setUp({
      validate: ({ claims }) => {
        if (claims.tenant !== 'acme') throw new Error('internal words');
      },
    } as Partial<AccessTokenVerifierOptions>);
    await verifier.verifyToken(await server.mintAccessToken({ tenant: 'acme' }));
    await expect(verifier.verifyToken(await server.mintAccessToken())).rejects.toMatchObject({
      message: 'The access token does not meet the requirements of this API',
    });
  });
});

describe('A11: only configured issuers', () => {
  test('each issuer has its own keys and audiences', async () => {
    const one = await createTestAuthorizationServer({ issuer: 'https://one.example.test', ownKeys: true });
    const two = await createTestAuthorizationServer({ issuer: 'https://two.example.test', ownKeys: true });
    const asked: string[] = [];
    const verifier = createAccessTokenVerifier({
      issuers: [
        { issuer: one.issuer, audience: 'https://one-api.example.test' },
        { issuer: two.issuer, audience: 'https://two-api.example.test' },
      ],
      fetch: (url, init) => {
        asked.push(new URL(url).origin);
        return (url.startsWith(one.issuer) ? one : two).fetch(url, init);
      },
    });
    await verifier.verifyToken(await one.mintAccessToken({ aud: 'https://one-api.example.test' }));
    await verifier.verifyToken(await two.mintAccessToken({ aud: 'https://two-api.example.test' }));
    const crossed = [
      await one.mintAccessToken({ aud: 'https://two-api.example.test' }),
      await one.mintAccessToken({ iss: two.issuer, aud: 'https://two-api.example.test' }),
      await one.mintAccessToken({ iss: 'https://evil.example.test', aud: 'https://one-api.example.test' }),
      await one.mintAccessToken({ iss: `${one.issuer}/`, aud: 'https://one-api.example.test' }),
      await one.mintAccessToken({ iss: ['https://one.example.test'] }),
      await one.mintAccessToken({ iss: '__proto__' }),
    ];
    for (const token of crossed)
      await expect(verifier.verifyToken(token)).rejects.toMatchObject({ code: 'invalid_token' });
    expect(new Set(asked)).toEqual(new Set([one.issuer, two.issuer]));
  });
});

describe('A9: no header makes it throw anything else', () => {
  test.each([
    'Bearer',
    'Bearer ',
    'Bearer %',
    'Bearer a b',
    'Bearer a, Bearer b',
    'Bearer "a"',
    'Bearer\ta',
    'Bearer ä',
    'DPoP',
    'DPoP %zz',
  ])('%j is 400 invalid_request', async (authorization) => {
    const { verifier } = await setUp();
    await expect(verifier.verify(request(authorization))).rejects.toMatchObject({
      code: authorization.includes('\t') ? 'token_missing' : 'invalid_request',
      status: authorization.includes('\t') ? 401 : 400,
    });
  });

  test.each([undefined, '', 'Basic YTpi', 'Bearertoken', 'Negotiate', '%'])(
    '%j is an anonymous request: 401 without an error code',
    async (authorization) => {
      const { verifier } = await setUp();
      await expect(verifier.verify(request(authorization))).rejects.toMatchObject({
        code: 'token_missing',
        status: 401,
        challenges: ['Bearer'],
      });
      await expect(verifier.verifyOptional(request(authorization))).resolves.toBeUndefined();
    },
  );
});

describe('A14: one credential, in the header', () => {
  test('a token in the query is refused, alone and beside a header', async () => {
    const { server, verifier } = await setUp();
    const token = await server.mintAccessToken();
    for (const url of [`/items?access_token=${token}`, `/items?a=1&access%5Ftoken=${token}`])
      for (const headers of [{}, { authorization: `Bearer ${token}` }])
        await expect(verifier.verify({ method: 'GET', url, headers })).rejects.toMatchObject({
          code: 'invalid_request',
          status: 400,
        });
  });

  test('a token in a form body is refused', async () => {
    const { server, verifier } = await setUp();
    const token = await server.mintAccessToken();
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    };
    const twice = { method: 'POST', url: '/', headers, body: { access_token: token } };
    await expect(verifier.verify(twice)).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(verifier.verify({ ...twice, body: { other: 1 } })).resolves.toBeDefined();
  });

  test('two Authorization headers are refused, though Node shows only one', async () => {
    const { server, verifier } = await setUp();
    const authorization = `Bearer ${await server.mintAccessToken()}`;
    const rawHeaders = ['Authorization', authorization, 'Host', 'x', 'AUTHORIZATION', 'Bearer other'];
    await expect(
      verifier.verify({ method: 'GET', url: '/', headers: { authorization }, rawHeaders }),
    ).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(
      verifier.verify({ method: 'GET', url: '/', headers: { authorization: [authorization] } }),
    ).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('A15: challenges', () => {
  const challengeOf = (run: () => unknown) =>
    Promise.resolve()
      .then(run)
      .then(
        () => [],
        (error: { challenges?: string[] }) => error.challenges,
      );

  test('names the error, the scope and the metadata', async () => {
    const { server, verifier } = await setUp({
      realm: 'items',
      protectedResource: { resource: 'https://api.example.test/v1' },
    });
    const metadata = 'resource_metadata="https://api.example.test/.well-known/oauth-protected-resource/v1"';
    expect(await challengeOf(() => verifier.verify(request()))).toEqual([
      `Bearer realm="items", ${metadata}`,
    ]);
    expect(await challengeOf(() => verifier.verify(request('Bearer abc')))).toEqual([
      `Bearer realm="items", error="invalid_token", error_description="The access token is not a JWT", ${metadata}`,
    ]);
    const authenticated = await verifier.verify(request(`Bearer ${await server.mintAccessToken()}`));
    expect(
      await challengeOf(() => verifier.authorize(authenticated, { scopes: ['items:read', 'items:write'] })),
    ).toEqual([
      `Bearer realm="items", error="insufficient_scope", error_description="The access token lacks the scope 'items:read', 'items:write'", scope="items:read items:write", ${metadata}`,
    ]);
  });

  test('asks for a stronger or more recent login', async () => {
    const { server, verifier } = await setUp();
    server.clock.stop();
    const now = Math.floor(server.clock.now() / 1000);
    const token = await server.mintAccessToken({ acr: 'pwd', auth_time: now - 100 });
    const authenticated = await verifier.verify(request(`Bearer ${token}`));
    expect(await challengeOf(() => verifier.authorize(authenticated, { acr: [['mfa', 'hwk']] }))).toEqual([
      'Bearer error="insufficient_user_authentication", error_description="A stronger login is needed", acr_values="mfa hwk"',
    ]);
    expect(await challengeOf(() => verifier.authorize(authenticated, { maxAge: 60 }))).toEqual([
      'Bearer error="insufficient_user_authentication", error_description="A more recent login is needed", max_age="60"',
    ]);
    verifier.authorize(authenticated, { maxAge: 70, acr: [['pwd']] });
  });

  test('roles and permissions are 403 without a challenge: another token would not help', async () => {
    const { server, verifier } = await setUp();
    const token = await server.mintAccessToken({ roles: ['editor'], permissions: ['a'] });
    const authenticated = await verifier.verify(request(`Bearer ${token}`));
    verifier.authorize(authenticated, { roles: [['admin', 'editor']], permissions: ['a'] });
    for (const requirements of [{ roles: [['admin']] }, { permissions: ['a', 'b'] }]) {
      expect(() => verifier.authorize(authenticated, requirements)).toThrow(
        expect.objectContaining({ code: 'access_denied', status: 403, challenges: [] }),
      );
    }
  });

  test('no token gets into a message, challenge or event', async () => {
    const { server, verifier, events } = await setUp();
    const secret = 'c2VjcmV0LXBhcnQtb2YtYS10b2tlbg';
    const token = await server.mintAccessToken({}, { foreignKey: true });
    for (const each of [secret, `${secret}.${secret}.${secret}`, token]) {
      const error = await verifier.verify(request(`Bearer ${each}`)).catch((caught: unknown) => caught);
      const { inspect } = await import('node:util');
      const said = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(events);
      expect(said).not.toContain(each.slice(-20));
    }
  });
});

describe('as validateAccessToken of a client', () => {
  test.each([undefined, null, 42, {}, []])('%j is refused as any other wrong token', async (token) => {
    const { verifier } = await setUp();
    await expect(verifier.verifyToken(token as unknown as string)).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test('compares what the client knows', async () => {
    const { server, verifier } = await setUp();
    const token = await server.mintAccessToken();
    const expected = { issuer: server.issuer, clientId: 'app', resource: audience, sub: 'alice' };
    await expect(verifier.verifyToken(token, expected)).resolves.toMatchObject({ sub: 'alice' });
    for (const wrong of [
      { clientId: 'web' },
      { sub: 'bob' },
      { resource: 'https://x' },
      { issuer: 'https://x' },
    ])
      await expect(verifier.verifyToken(token, { ...expected, ...wrong })).rejects.toMatchObject({
        code: 'invalid_token',
      });
  });
});

describe('configuration', () => {
  test.each([
    [{ audience: undefined }, 'missing_option'],
    [{ audience: [] }, 'missing_option'],
    [{ audience: '' }, 'missing_option'],
    [{ issuer: 'http://auth.example.test' }, 'insecure_issuer'],
    [{ issuer: undefined }, 'missing_option'],
    [{ jwksUri: 'http://auth.example.test/jwks' }, 'invalid_option'],
    [{ profile: 'auth1' }, 'invalid_option'],
    [{ clockTolerance: 301 }, 'invalid_option'],
    [{ clockTolerance: Number.NaN }, 'invalid_option'],
    [{ requireBinding: 'dpop' }, 'missing_option'],
    [{ dpop: {} }, 'missing_option'],
    [{ issuers: [] }, 'missing_option'],
  ])('%j is refused when the verifier is made', (wrong, code) => {
    const options = { issuer: 'https://auth.example.test', audience, ...wrong } as AccessTokenVerifierOptions;
    expect(() => createAccessTokenVerifier(options)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', code }),
    );
  });
});

/** The token with another header and the same signature; only refusals that come before the signature tell. */
function rewritten(token: string, header: Record<string, unknown>): string {
  const [before = '', payload, signature] = token.split('.');
  const merged = { ...decode(before), ...header };
  return `${encode(merged)}.${payload}.${signature}`;
}
