import { describe, expect, test } from 'vitest';
import { startVerifier } from '../../../tests/support/start-verifier.ts';

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
