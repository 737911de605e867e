import { createTestAuthorizationServer } from '@countersign/testing';
import { base64url, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { audience, decode, encode, startVerifier } from '../../tests/support/start-verifier.ts';
import type { AccessTokenVerifierOptions } from './index.ts';

describe('A1: the algorithm is fixed by configuration', () => {
  test('alg none, with and without a signature, is refused', async () => {
    const { server, verifier } = await startVerifier();
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
    const { server, verifier } = await startVerifier();
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
    await expect(startVerifier({ algorithms: [alg as 'RS256'] })).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_option',
    });
  });

  test('an algorithm that is not configured is refused, though its key is published', async () => {
    const { server, verifier } = await startVerifier({ algorithms: ['ES256'] });
    await expect(verifier.verifyToken(await server.mintAccessToken())).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test('a key is never used for an algorithm of another kind', async () => {
    const { server, verifier } = await startVerifier();
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
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken({}, { header });
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({
      message: 'The access token has an unsupported critical header',
    });
  });

  test('a kid that is no text is refused before any key is looked for', async () => {
    const { server, verifier } = await startVerifier();
    const token = rewritten(await server.mintAccessToken(), { kid: { toString: 'x' } });
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({
      message: 'The header of the access token is malformed',
    });
    expect(server.requests).toEqual([]);
  });

  test('jwk, jku, x5u and x5c are not used', async () => {
    const { server, verifier } = await startVerifier();
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
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken();
    for (const kid of ['../../etc/passwd', "' OR 1=1", '__proto__', 'constructor', ''])
      await expect(verifier.verifyToken(rewritten(token, { kid }))).rejects.toMatchObject({
        code: 'invalid_token',
      });
  });

  test('a repeated member is refused', async () => {
    const { server, verifier } = await startVerifier();
    const [, payload, signature] = (await server.mintAccessToken()).split('.');
    const header = base64url.encode('{"alg":"none","alg":"RS256","typ":"at+jwt"}');
    await expect(verifier.verifyToken(`${header}.${payload}.${signature}`)).rejects.toMatchObject({
      message: 'The header of the access token is malformed: it repeats a member name',
    });
  });

  test('there is one way to write a token: spare bits and padding are refused', async () => {
    const { server, verifier } = await startVerifier();
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

describe('A8: only access tokens are access tokens', () => {
  test('an ID token, a logout token and a refresh token are refused', async () => {
    const { server, verifier } = await startVerifier();
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
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken({}, { header: { typ: 'application/AT+JWT' } });
    await expect(verifier.verifyToken(token)).resolves.toBeDefined();
  });

  test.each(['sub', 'client_id', 'iat', 'jti', 'aud', 'exp', 'iss'])(
    'without %s it is refused',
    async (claim) => {
      const { server, verifier } = await startVerifier();
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
    ['issued in the future', { iat: 4e9 }, 'The access token was issued in the future'],
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
    ['unknown binding', { cnf: { x: 'y' } }, 'The access token has an unsupported confirmation method'],
  ])('%s is refused', async (_, claims, message) => {
    const { server, verifier } = await startVerifier();
    await expect(verifier.verifyToken(await server.mintAccessToken(claims))).rejects.toMatchObject({
      message,
    });
  });

  test('one of several audiences is enough', async () => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken({ aud: ['https://other.example.test', audience] });
    await expect(verifier.verifyToken(token)).resolves.toBeDefined();
  });

  test('a further check of the API refuses, and its own words stay inside', async () => {
    const { server, verifier } = await startVerifier({
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

/** The token with another header and the same signature; only refusals that come before the signature tell. */
function rewritten(token: string, header: Record<string, unknown>): string {
  const [before = '', payload, signature] = token.split('.');
  const merged = { ...decode(before), ...header };
  return `${encode(merged)}.${payload}.${signature}`;
}
