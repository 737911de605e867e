import { describe, expect, test } from 'vitest';
import { startVerifier } from '../../tests/api/start-verifier.ts';
import { createVerifiedTokenCache } from './verified-token-cache.ts';

const entry = (token: string) => ({
  token,
  issuer: 'https://auth.example.test',
  verified: {} as never,
  result: Promise.resolve({} as never),
  deadAt: Number.POSITIVE_INFINITY,
  key: { retired: false },
  keys: undefined,
});

const tokenOf = (index: number) =>
  `${'h'.repeat(100)}.${'p'.repeat(100)}.${String(index).padStart(85, 's')}A`;

test('A3: the whole token decides, not its end', () => {
  const cache = createVerifiedTokenCache({ maxEntries: 10, maxCharacters: 100_000 });
  const end = 's'.repeat(86);
  cache.set(entry(`a.b.${end}`));
  expect(cache.get(`a.b.${end}`)).toBeDefined();
  expect(cache.get(`a.c.${end}`)).toBeUndefined();
  // The same for what has aged into the old generation.
  for (let i = 0; i < 5; i++) cache.set(entry(tokenOf(i)));
  expect(cache.get(`a.c.${end}`)).toBeUndefined();
  expect(cache.get(`a.b.${end}`)).toBeDefined();
  // Of two with the same end the later one is remembered in any case, and neither is taken for the other.
  cache.set(entry(`a.c.${end}`));
  expect(cache.get(`a.c.${end}`)?.token).toBe(`a.c.${end}`);
  expect([undefined, `a.b.${end}`]).toContain(cache.get(`a.b.${end}`)?.token);
});

test('A3: a token of a few characters is remembered too', () => {
  const cache = createVerifiedTokenCache({ maxEntries: 10, maxCharacters: 1000 });
  for (const token of ['a', 'b', 'ab', '-'.repeat(9)]) cache.set(entry(token));
  for (const token of ['ab', '-'.repeat(9)]) expect(cache.get(token)?.token).toBe(token);
});

test('A3: bounded in entries, and what is used stays', () => {
  const cache = createVerifiedTokenCache({ maxEntries: 100, maxCharacters: 1e9 });
  cache.set(entry(tokenOf(0)));
  for (let i = 1; i < 10_000; i++) {
    cache.set(entry(tokenOf(i)));
    expect(cache.get(tokenOf(0))).toBeDefined();
    expect(cache.size).toBeLessThanOrEqual(100);
  }
  expect(cache.get(tokenOf(1))).toBeUndefined();
});

test('A3: bounded in characters', () => {
  const cache = createVerifiedTokenCache({ maxEntries: 1e6, maxCharacters: 10_000 });
  for (let i = 0; i < 1000; i++) cache.set(entry(tokenOf(i)));
  expect(cache.size * tokenOf(0).length).toBeLessThanOrEqual(10_000);
  cache.set(entry('x'.repeat(6000)));
  expect(cache.get('x'.repeat(6000))).toBeUndefined();
});

describe('A3: what was verified is not believed for longer or for others', () => {
  test('a token that ends like a verified one is not taken for it', async () => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken({ sub: 'bob' });
    await verifier.verifyToken(token);
    const [header, , signature] = token.split('.');
    const [, payload] = (await server.mintAccessToken({ sub: 'alice' })).split('.');
    await expect(verifier.verifyToken(`${header}.${payload}.${signature}`)).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test('it ends at exp, with the tolerance, though it is remembered', async () => {
    const { server, verifier } = await startVerifier({ clockTolerance: 10 });
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
    const { server, verifier } = await startVerifier({ keysMaxAge: 60 }, { ownKeys: true });
    const before = await server.mintAccessToken({ exp: 4e9 });
    await verifier.verifyToken(before);
    await server.rotateKeys();
    // Another token makes the new keys known.
    await verifier.verifyToken(await server.mintAccessToken({ exp: 4e9 }));
    await expect(verifier.verifyToken(before)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('it ends when its key leaves the key set, though nobody else asks', async () => {
    const { server, verifier } = await startVerifier({ keysMaxAge: 60 }, { ownKeys: true });
    const token = await server.mintAccessToken({ exp: 4e9 });
    await verifier.verifyToken(token);
    await server.rotateKeys();
    server.clock.advance(121);
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('it does not end when other keys come and go', async () => {
    const { server, verifier, events } = await startVerifier({ keysMaxAge: 60 }, { ownKeys: true });
    const token = await server.mintAccessToken({ exp: 4e9 });
    await verifier.verifyToken(token);
    await server.rotateKeys({ keepOld: true });
    await verifier.verifyToken(await server.mintAccessToken());
    await verifier.verifyToken(token);
    expect(events.at(-1)).toEqual({ type: 'token.accepted', issuer: server.issuer, cached: true });
  });
});
