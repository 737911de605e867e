import { createTestAuthorizationServer } from '@countersign/testing';
import { base64url, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  audience,
  decode,
  encode,
  startVerifier,
} from '../../tests/support/resource-server/start-verifier.ts';
import type { AccessTokenVerifierOptions } from './index.ts';

describe('A1: the configuration selects the algorithms', () => {
  test('rejects "alg": "none", with and without a signature', async () => {
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

  test('rejects HS256 with the public key as the secret', async () => {
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

  test.each(['HS256', 'none', 'dir', 'RS1'])('rejects the configured algorithm %s', async (alg) => {
    await expect(startVerifier({ algorithms: [alg as 'RS256'] })).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_option',
    });
  });

  test('RFC 9864: accepts Ed25519, the newer name, if EdDSA is configured', async () => {
    const { server, verifier } = await startVerifier({ algorithms: ['EdDSA'] });
    for (const alg of ['EdDSA', 'Ed25519'])
      await expect(verifier.verifyToken(await server.mintAccessToken({}, { alg }))).resolves.toBeDefined();
    await expect(verifier.verifyToken(await server.mintAccessToken())).rejects.toMatchObject({
      check: 'alg',
    });
    const { verifier: strictVerifier } = await startVerifier({
      algorithms: ['Ed25519'],
      fetch: server.fetch,
    });
    const token = await server.mintAccessToken({}, { alg: 'EdDSA' });
    await expect(strictVerifier.verifyToken(token)).rejects.toMatchObject({ check: 'alg' });
  });

  test('rejects an algorithm that is not configured, although its key is published', async () => {
    const { server, verifier } = await startVerifier({ algorithms: ['ES256'] });
    await expect(verifier.verifyToken(await server.mintAccessToken())).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test('does not use a key for an algorithm of another key type', async () => {
    const { server, verifier } = await startVerifier();
    const es = await server.mintAccessToken({}, { alg: 'ES256' });
    const [, payload, signature] = es.split('.');
    const header = decode(es.split('.')[0] as string);
    const token = `${encode({ ...header, alg: 'RS256' })}.${payload}.${signature}`;
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({ code: 'invalid_token' });
  });
});

describe('A2: the header adds no keys and no extensions', () => {
  test.each([
    ['unknown crit', { crit: ['exp'], exp: 1 }],
    ['crit b64', { crit: ['b64'], b64: false }],
    ['b64 alone', { b64: false }],
    ['empty crit', { crit: [] }],
  ])('rejects a signed token with %s', async (_, header) => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken({}, { header });
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({
      message: 'The access token has an unsupported critical header',
    });
  });

  test('rejects a kid that is not a string, without a key fetch', async () => {
    const { server, verifier } = await startVerifier();
    const token = changeHeader(await server.mintAccessToken(), { kid: { toString: 'x' } });
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({
      message: 'The header of the access token is malformed',
    });
    expect(server.requests).toEqual([]);
  });

  test('ignores jwk, jku, x5u and x5c', async () => {
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

  test('treats a kid that looks like a path or a statement as an unknown key', async () => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken();
    for (const kid of ['../../etc/passwd', "' OR 1=1", '__proto__', 'constructor', ''])
      await expect(verifier.verifyToken(changeHeader(token, { kid }))).rejects.toMatchObject({
        code: 'invalid_token',
      });
  });

  test('rejects a repeated member', async () => {
    const { server, verifier } = await startVerifier();
    const [, payload, signature] = (await server.mintAccessToken()).split('.');
    const header = base64url.encode('{"alg":"none","alg":"RS256","typ":"at+jwt"}');
    await expect(verifier.verifyToken(`${header}.${payload}.${signature}`)).rejects.toMatchObject({
      message: 'The header of the access token is malformed: it repeats a member name',
    });
  });

  test('accepts one spelling of a token: rejects unused bits and padding', async () => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken({}, { alg: 'ES256' });
    await verifier.verifyToken(token);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(token.at(-1) as string);
    const otherSpelling = token.slice(0, -1) + alphabet[last + 1];
    expect(base64url.decode(otherSpelling.split('.')[2] as string)).toEqual(
      base64url.decode(token.split('.')[2] as string),
    );
    for (const each of [otherSpelling, `${token}==`, `${token}=`]) {
      await expect(verifier.verifyToken(each)).rejects.toMatchObject({ code: 'invalid_token' });
    }
  });
});

describe('A8: other tokens are not access tokens', () => {
  test('rejects ID tokens, logout tokens and refresh tokens', async () => {
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

  test('accepts a typ with the prefix application/', async () => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken({}, { header: { typ: 'application/AT+JWT' } });
    await expect(verifier.verifyToken(token)).resolves.toBeDefined();
  });

  test.each(['sub', 'client_id', 'iat', 'jti', 'aud', 'exp', 'iss'])(
    'rejects a token without %s',
    async (claim) => {
      const { server, verifier } = await startVerifier();
      const token = await server.mintAccessToken({ [claim]: undefined });
      await expect(verifier.verifyToken(token)).rejects.toMatchObject({ code: 'invalid_token' });
    },
  );

  test.each([
    ['another audience', { aud: 'https://other.example.test' }, 'The access token is for another audience'],
    [
      'an audience that has the configured one as a prefix',
      { aud: `${audience}/` },
      'The access token is for another audience',
    ],
    [
      'an audience that is not a string',
      { aud: { [audience]: 1 } },
      'The access token is for another audience',
    ],
    ['an exp in the past', { exp: 1 }, 'The access token has expired'],
    ['an exp that is not a number', { exp: '99999999999' }, 'The claim exp of the access token is malformed'],
    ['an nbf in the future', { nbf: 4e9 }, 'The access token is not valid yet'],
    ['an iat in the future', { iat: 4e9 }, 'The access token was issued in the future'],
    ['an acr that is not a string', { acr: ['mfa'] }, 'The claim acr of the access token is malformed'],
    ['a jti that is not a string', { jti: 42 }, 'The claim jti of the access token is malformed'],
    [
      'an auth_time that is not a number',
      { auth_time: '1' },
      'The claim auth_time of the access token is malformed',
    ],
    [
      'a client_id that is not a string',
      { client_id: {} },
      'The claim client_id of the access token is malformed',
    ],
    ['more than the maximum length', { filler: 'x'.repeat(16_000) }, 'The access token is too long'],
    ['a sub that is not a string', { sub: 42 }, 'The access token has no subject'],
    [
      'an unknown confirmation method',
      { cnf: { x: 'y' } },
      'The access token has an unsupported confirmation method',
    ],
  ])('rejects a token with %s', async (_, claims, message) => {
    const { server, verifier } = await startVerifier();
    await expect(verifier.verifyToken(await server.mintAccessToken(claims))).rejects.toMatchObject({
      message,
    });
  });

  test('accepts a token with several audiences', async () => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken({ aud: ['https://other.example.test', audience] });
    await expect(verifier.verifyToken(token)).resolves.toBeDefined();
  });

  test('rejects a token when validate throws, without its message', async () => {
    const { server, verifier } = await startVerifier({
      validate: ({ claims }) => {
        if (claims.tenant !== 'acme') throw new Error('internal details');
      },
    } as Partial<AccessTokenVerifierOptions>);
    await verifier.verifyToken(await server.mintAccessToken({ tenant: 'acme' }));
    await expect(verifier.verifyToken(await server.mintAccessToken())).rejects.toMatchObject({
      message: 'The access token does not meet the requirements of this API',
    });
  });
});

/** Changes the header and keeps the signature, for checks that run before the signature is verified. */
function changeHeader(token: string, header: Record<string, unknown>): string {
  const [encodedHeader = '', payload, signature] = token.split('.');
  const changed = { ...decode(encodedHeader), ...header };
  return `${encode(changed)}.${payload}.${signature}`;
}
