import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { resolveOptions } from '../../src/browser/options.ts';
import { validateIdToken } from '../../src/browser/wire/verify-id-token.ts';
import { createClient, refreshTokens, validateLogoutToken } from '../../src/index.ts';
import { maxTriedKeys } from '../../src/protocol/tokens/signing-keys.ts';
import { createAccessTokenVerifier } from '../../src/resource-server/index.ts';
import { issuer, metadata } from '../fuzz/random-response.ts';

const pairs = await Promise.all(
  Array.from({ length: maxTriedKeys + 1 }, () => generateKeyPair('ES256', { extractable: true })),
);
const publicKeys = await Promise.all(pairs.map(({ publicKey }) => exportJWK(publicKey)));

/** The public keys with their `kid`; `undefined` for a key without one. */
const publish = (...kids: readonly (string | undefined)[]): JWK[] =>
  kids.map((kid, index) => ({ ...publicKeys[index], ...(kid !== undefined && { kid }) }));

/** `signer` is the index of the key that signs. */
interface KeyCase {
  readonly title: string;
  readonly keys: readonly JWK[];
  readonly kid?: string;
  readonly signer: number;
  readonly isAccepted: boolean;
}

const same = (count: number, kid?: string) => publish(...Array.from({ length: count }, () => kid));

const cases: readonly KeyCase[] = [
  { title: 'the key with the kid', keys: publish('a', 'b'), kid: 'b', signer: 1, isAccepted: true },
  { title: 'another key', keys: publish('a', 'b'), kid: 'b', signer: 0, isAccepted: false },
  { title: 'the first of two keys with the kid', keys: same(2, 'a'), kid: 'a', signer: 0, isAccepted: true },
  { title: 'the last of two keys with the kid', keys: same(2, 'a'), kid: 'a', signer: 1, isAccepted: true },
  {
    title: 'a key without kid, although another has the kid',
    keys: publish('a', undefined),
    kid: 'a',
    signer: 1,
    isAccepted: false,
  },
  {
    title: 'a key without kid, and no other has the kid',
    keys: publish('a', undefined, undefined),
    kid: 'b',
    signer: 2,
    isAccepted: true,
  },
  { title: 'a key with another kid', keys: publish('a', undefined), kid: 'b', signer: 0, isAccepted: false },
  { title: 'without kid: the only key', keys: publish('a'), signer: 0, isAccepted: true },
  { title: 'without kid: one of several keys', keys: publish('a', 'b'), signer: 1, isAccepted: true },
  {
    title: 'without kid: one of several keys, of which some have a kid',
    keys: publish('a', undefined, 'b', undefined),
    signer: 3,
    isAccepted: true,
  },
  { title: 'without kid: another key', keys: publish('a', 'b'), signer: 2, isAccepted: false },
  {
    title: 'without kid: a key for encryption',
    keys: publish('a', 'b').map((key, index) => (index === 1 ? { ...key, use: 'enc' } : key)),
    signer: 1,
    isAccepted: false,
  },
  {
    title: 'without kid: the last of the permitted count of keys',
    keys: same(maxTriedKeys),
    signer: maxTriedKeys - 1,
    isAccepted: true,
  },
  { title: 'without kid: one of too many keys', keys: same(maxTriedKeys + 1), signer: 0, isAccepted: false },
  {
    title: 'one of too many keys with the kid',
    keys: same(maxTriedKeys + 1, 'a'),
    kid: 'a',
    signer: 0,
    isAccepted: false,
  },
];

const clientId = 'web';

const sign = ({ kid, signer }: KeyCase, claims: JWTPayload, typ = 'JWT'): Promise<string> =>
  new SignJWT({ iss: issuer, sub: 'alice', aud: clientId, ...claims })
    .setProtectedHeader({ alg: 'ES256', typ, ...(kid !== undefined && { kid }) })
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(pairs[signer]!.privateKey);

const createTestClient = ({ keys }: KeyCase, tokenResponse: object = {}) =>
  createClient({
    issuer,
    clientId,
    redirectUri: 'https://app.example.test/callback',
    metadata,
    idTokenSignedResponseAlg: 'ES256',
    retries: 0,
    fetch: async (url) => Response.json(url.endsWith('/jwks') ? { keys } : tokenResponse),
  });

/** Each resolves to `alice`, or rejects the token. */
const verifications: readonly (readonly [string, (each: KeyCase) => Promise<unknown>])[] = [
  [
    'the client, for ID tokens',
    async (each) => {
      const id_token = await sign(each, {});
      const client = createTestClient(each, { access_token: 'a', token_type: 'Bearer', id_token });
      const { claims } = await refreshTokens(client, 'r');
      if (!claims) throw new Error('The refresh has ignored the ID token');
      return claims.sub;
    },
  ],
  [
    'the client, for logout tokens',
    async (each) => {
      const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
      const token = await sign(each, { events, jti: '1' }, 'logout+jwt');
      return (await validateLogoutToken(createTestClient(each), token)).sub;
    },
  ],
  [
    'the browser client',
    async (each) => {
      const context = resolveOptions({
        issuer,
        clientId,
        redirectUri: 'https://app.example.test/callback',
        idTokenSignedResponseAlg: 'ES256',
        fetch: async (url: string) => Response.json(url.endsWith('/jwks') ? { keys: each.keys } : metadata),
      });
      const token = await sign(each, { nonce: 'n' });
      return (await validateIdToken(context, token, { accessToken: 'a', code: 'c', nonce: 'n' })).sub;
    },
  ],
  [
    'the resource server',
    async (each) => {
      const verifier = createAccessTokenVerifier({ issuer, audience: clientId, jwks: { keys: each.keys } });
      return (await verifier.verifyToken(await sign(each, { client_id: 'app', jti: '1' }, 'at+jwt'))).sub;
    },
  ],
];

describe.each(verifications)('%s', (_, verify) => {
  test.each(cases.filter(({ isAccepted }) => isAccepted))('accepts $title', async (each) => {
    expect(await verify(each)).toBe('alice');
  });

  test.each(cases.filter(({ isAccepted }) => !isAccepted))('rejects $title', async (each) => {
    await expect(verify(each)).rejects.toThrow();
  });
});

test('the resource server rejects a token for which too many keys fit at once, without a second fetch', async () => {
  let fetches = 0;
  const rejected: unknown[] = [];
  const verifier = createAccessTokenVerifier({
    issuer,
    audience: clientId,
    jwksUri: `${issuer}/jwks`,
    onEvent: (event) => void rejected.push(event),
    fetch: async () => {
      fetches++;
      return Response.json({ keys: same(maxTriedKeys + 1) });
    },
  });
  const each = { title: '', keys: [], signer: 0, isAccepted: false };
  for (let count = 0; count < 8; count++) {
    const token = await sign(each, { client_id: 'app', jti: `${count}` }, 'at+jwt');
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({ status: 401, code: 'invalid_token' });
  }
  expect(fetches).toBe(1);
  expect(JSON.stringify(rejected)).toContain('more than 8 keys fit');
});

test.each([
  ['without kid', undefined],
  ['with another kid', 'b'],
])(
  'the client fetches the keys again for an ID token %s after a rotation of the only key',
  async (_, kid) => {
    const [oldKey, newKey] = kid === undefined ? publish(undefined, undefined) : publish('a', kid);
    const rotation = { keys: [oldKey!] };
    const signWith = (signer: number, name: string | undefined) =>
      sign({ title: '', keys: [], isAccepted: true, signer, ...(name !== undefined && { kid: name }) }, {});
    let fetches = 0;
    let id_token = await signWith(0, kid && 'a');
    const client = createClient({
      issuer,
      clientId,
      redirectUri: 'https://app.example.test/callback',
      metadata,
      idTokenSignedResponseAlg: 'ES256',
      retries: 0,
      fetch: async (url) => {
        if (!url.endsWith('/jwks'))
          return Response.json({ access_token: 'a', token_type: 'Bearer', id_token });
        fetches++;
        return Response.json({ keys: rotation.keys });
      },
    });
    expect((await refreshTokens(client, 'r')).claims?.sub).toBe('alice');
    rotation.keys = [newKey!];
    id_token = await signWith(1, kid);
    expect((await refreshTokens(client, 'r')).claims?.sub).toBe('alice');
    expect(fetches).toBe(2);
  },
);
