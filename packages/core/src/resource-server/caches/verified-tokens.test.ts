import { describe, expect, test } from 'vitest';
import { startVerifier } from '../../../tests/support/resource-server/start-verifier.ts';

describe('A3: cached tokens', () => {
  test('rejects a token that ends like a cached one', async () => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken({ sub: 'bob' });
    await verifier.verifyToken(token);
    const [header, , signature] = token.split('.');
    const [, payload] = (await server.mintAccessToken({ sub: 'alice' })).split('.');
    await expect(verifier.verifyToken(`${header}.${payload}.${signature}`)).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test('rejects a cached token after exp and the clock tolerance', async () => {
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

  test('rejects a cached token after its key was removed', async () => {
    const { server, verifier } = await startVerifier({ keysMaxAge: 60 }, { ownKeys: true });
    const previousToken = await server.mintAccessToken({ exp: 4e9 });
    await verifier.verifyToken(previousToken);
    await server.rotateKeys();
    // Another token causes a fetch of the new keys.
    await verifier.verifyToken(await server.mintAccessToken({ exp: 4e9 }));
    await expect(verifier.verifyToken(previousToken)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('rejects a cached token after its key was removed, without other requests', async () => {
    const { server, verifier } = await startVerifier({ keysMaxAge: 60 }, { ownKeys: true });
    const token = await server.mintAccessToken({ exp: 4e9 });
    await verifier.verifyToken(token);
    await server.rotateKeys();
    server.clock.advance(121);
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('accepts a cached token after other keys changed', async () => {
    const { server, verifier, events } = await startVerifier({ keysMaxAge: 60 }, { ownKeys: true });
    const token = await server.mintAccessToken({ exp: 4e9 });
    await verifier.verifyToken(token);
    await server.rotateKeys({ keepOld: true });
    await verifier.verifyToken(await server.mintAccessToken());
    await verifier.verifyToken(token);
    expect(events.at(-1)).toEqual({ type: 'token.accepted', issuer: server.issuer, cached: true });
  });
});
