import { createTestAuthorizationServer } from '@countersign/testing';
import { base64url } from 'jose';
import { expect, test } from 'vitest';
import { createHarness } from '../../../../tests/support/client/harness.ts';
import type { Fetch } from '../../../internal/fetch/bounded-fetch.ts';
import { validateLogoutToken } from '../../logout/logout-token.ts';

type Jwk = Record<string, unknown>;

async function readRsaKey(response: Response): Promise<Jwk> {
  const { keys } = (await response.json()) as { keys: Jwk[] };
  return keys.find(({ kty }) => kty === 'RSA') as Jwk;
}

/** Logs in while the provider publishes changed keys: its key for RS256, and that of another provider. */
async function logInWith(changeKeys: (keys: readonly [Jwk, Jwk]) => readonly Jwk[]) {
  const other = await createTestAuthorizationServer();
  await other.rotateKeys({ keepOld: false });
  const otherKey = await readRsaKey(await other.fetch(`${other.issuer}/jwks`));
  const harness = await createHarness({
    client: {
      fetch: async (url, init) => {
        const result = await (harness.server.fetch as Fetch)(url, init);
        if (!String(url).endsWith('/jwks')) return result;
        return Response.json({ keys: changeKeys([await readRsaKey(result), otherKey]) });
      },
    },
  });
  return harness.logIn();
}

const rename = (keys: readonly Jwk[], kid: unknown): Jwk[] =>
  keys.map(({ kid: _, ...key }) => (kid === undefined ? key : { ...key, kid }));

test('accepts the key of the token among two keys with its kid, in any order', async () => {
  for (const order of [1, -1])
    await expect(
      logInWith((keys) => {
        const all = rename(keys, keys[0].kid);
        return order === 1 ? all : all.reverse();
      }),
    ).resolves.toMatchObject({ claims: { sub: expect.any(String) } });
});

test('accepts a key without kid if no key has the kid of the token', async () => {
  await expect(logInWith((keys) => rename(keys, undefined))).resolves.toMatchObject({
    claims: { sub: expect.any(String) },
  });
});

test('C2: rejects the token if no key with its kid has signed it', async () => {
  await expect(logInWith((keys) => rename(keys.slice(1), keys[0].kid))).rejects.toMatchObject({
    code: 'id_token_invalid',
    check: 'signature',
  });
});

test('C2: rejects the token if no key without kid has signed it', async () => {
  await expect(logInWith((keys) => rename(keys.slice(1), undefined))).rejects.toMatchObject({
    code: 'id_token_invalid',
    check: 'kid',
  });
});

test.each<{ alg: unknown }>([
  { alg: {} },
  { alg: { toString: 1 } },
  { alg: ['RS256'] },
  { alg: null },
  { alg: 1 },
  { alg: '' },
])('A1: an "alg" of $alg is a typed error', async ({ alg }) => {
  const { client, server } = await createHarness();
  const [, payload, signature] = (await server.mintLogoutToken()).split('.');
  const token = `${base64url.encode(JSON.stringify({ alg, typ: 'logout+jwt' }))}.${payload}.${signature}`;
  await expect(validateLogoutToken(client, token)).rejects.toMatchObject({
    name: 'ValidationError',
    code: 'logout_token_invalid',
    check: 'alg',
  });
});
