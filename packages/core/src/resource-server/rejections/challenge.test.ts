import { describe, expect, test } from 'vitest';
import { request, startVerifier } from '../../../tests/support/resource-server/start-verifier.ts';

describe('A15: challenges', () => {
  const readChallenges = (run: () => unknown) =>
    Promise.resolve()
      .then(run)
      .then(
        () => [],
        (error: { challenges?: string[] }) => error.challenges,
      );

  test('contains the error, the scope and the metadata URL', async () => {
    const { server, verifier } = await startVerifier({
      realm: 'items',
      protectedResource: { resource: 'https://api.example.test/v1' },
    });
    const metadata = 'resource_metadata="https://api.example.test/.well-known/oauth-protected-resource/v1"';
    expect(await readChallenges(() => verifier.verify(request()))).toEqual([
      `Bearer realm="items", ${metadata}`,
    ]);
    expect(await readChallenges(() => verifier.verify(request('Bearer abc')))).toEqual([
      `Bearer realm="items", error="invalid_token", error_description="The access token is not a JWT", ${metadata}`,
    ]);
    const authenticated = await verifier.verify(request(`Bearer ${await server.mintAccessToken()}`));
    expect(
      await readChallenges(() =>
        verifier.authorize(authenticated, { scopes: ['items:read', 'items:write'] }),
      ),
    ).toEqual([
      `Bearer realm="items", error="insufficient_scope", error_description="The access token lacks the scope 'items:read', 'items:write'", scope="items:read items:write", ${metadata}`,
    ]);
  });

  test('requires a stronger or more recent login', async () => {
    const { server, verifier } = await startVerifier();
    server.clock.stop();
    const now = Math.floor(server.clock.now() / 1000);
    const token = await server.mintAccessToken({ acr: 'pwd', auth_time: now - 100 });
    const authenticated = await verifier.verify(request(`Bearer ${token}`));
    expect(await readChallenges(() => verifier.authorize(authenticated, { acr: [['mfa', 'hwk']] }))).toEqual([
      'Bearer error="insufficient_user_authentication", error_description="A stronger login is required", acr_values="mfa hwk"',
    ]);
    expect(await readChallenges(() => verifier.authorize(authenticated, { maxAge: 60 }))).toEqual([
      'Bearer error="insufficient_user_authentication", error_description="A more recent login is required", max_age="60"',
    ]);
    verifier.authorize(authenticated, { maxAge: 70, acr: [['pwd']] });
    // Without auth_time and acr, the login is neither recent nor strong.
    const unspecified = await verifier.verify(request(`Bearer ${await server.mintAccessToken()}`));
    for (const requirements of [{ maxAge: 60 }, { acr: [['pwd']] }])
      expect(() => verifier.authorize(unspecified, requirements)).toThrow(
        expect.objectContaining({ code: 'insufficient_user_authentication', status: 401 }),
      );
  });

  test('is absent for missing roles and permissions, which lead to 403', async () => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken({ roles: ['editor'], permissions: ['a'] });
    const authenticated = await verifier.verify(request(`Bearer ${token}`));
    verifier.authorize(authenticated, { roles: [['admin', 'editor']], permissions: ['a'] });
    for (const requirements of [{ roles: [['admin']] }, { permissions: ['a', 'b'] }]) {
      expect(() => verifier.authorize(authenticated, requirements)).toThrow(
        expect.objectContaining({ code: 'access_denied', status: 403, challenges: [] }),
      );
    }
  });

  test('contains no token, and neither does a message or event', async () => {
    const { server, verifier, events } = await startVerifier();
    const secret = 'c2VjcmV0LXBhcnQtb2YtYS10b2tlbg';
    const token = await server.mintAccessToken({}, { foreignKey: true });
    for (const each of [secret, `${secret}.${secret}.${secret}`, token]) {
      const error = await verifier.verify(request(`Bearer ${each}`)).catch((caught: unknown) => caught);
      const { inspect } = await import('node:util');
      const text = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(events);
      expect(text).not.toContain(each.slice(-20));
    }
  });
});
