import { base64url } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  activeResponse,
  issuer,
  startIntrospection,
} from '../../../tests/support/resource-server/start-introspection.ts';
import { type AccessTokenProfile, type AccessTokenProfileName, profiles } from '../index.ts';

describe('R2: the kind of an active token', () => {
  test.each([
    { token_use: 'refresh_token' },
    { token_use: 'id' },
    { token_type: 'refresh_token' },
    { token_type: 'N_A' },
    { token_type: 42 },
    { typ: 'Refresh' },
    { typ: 'Offline' },
    { typ: 'ID' },
    { typ: 'Logout' },
    { typ: 'logout+jwt' },
    { typ: ['Bearer'] },
    { token_usage: 'refresh_token' },
    { tokenName: 'refresh_token' },
    { at_hash: 'x' },
    { events: {} },
    // One member is sufficient, even if others contradict it.
    { token_type: 'Bearer', token_use: 'refresh_token' },
    { token_type: 'Bearer', typ: 'ID' },
  ])('rejects %j', async (more) => {
    const { verifier } = startIntrospection(() => ({ ...activeResponse, ...more }));
    await expect(verifier.verifyToken('t')).rejects.toMatchObject({ code: 'invalid_token', status: 401 });
  });

  test.each([
    {},
    { token_type: 'bearer', token_use: 'access_token', typ: 'at+jwt' },
    { token_type: 'DPoP', typ: 'Bearer' },
    { token_type: null, token_use: null, typ: null, exp: null },
    { token_use: 'access', typ: 'JWT', token_usage: 'access_token' },
  ])('accepts %j', async (more) => {
    const { verifier } = startIntrospection(() => ({ ...activeResponse, ...more }));
    await expect(verifier.verifyToken('t')).resolves.toMatchObject({ sub: 'alice' });
  });
});

describe("R2: the issuer's profile applies to introspected tokens", () => {
  test.each<[AccessTokenProfileName, Record<string, unknown>, boolean]>([
    ['keycloak', { typ: 'Bearer', username: 'alice' }, true],
    ['keycloak', {}, false],
    ['auth0', { nonce: 'n' }, false],
    ['auth0', {}, true],
    ['okta', { uid: '00u', token_type: 'Bearer' }, true],
    ['okta', { uid: '00u', nonce: 'n' }, false],
    ['cognito', { token_use: 'access', username: 'alice' }, true],
    ['cognito', {}, false],
  ])('%s %j: %s', async (profile, more, accepted) => {
    const { verifier } = startIntrospection(() => ({ ...activeResponse, ...more }), {}, { profile });
    const verifying = verifier.verifyToken('t');
    if (accepted) await expect(verifying).resolves.toMatchObject({ sub: 'alice', clientId: 'app' });
    else await expect(verifying).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('applies reject, required, clientId, scopes and roles of a custom profile', async () => {
    const profile: AccessTokenProfile = {
      ...profiles.rfc9068,
      required: [...profiles.rfc9068.required, 'tenant'],
      clientId: (claims) => claims.app,
      scopes: (claims) => claims.rights,
      roles: (claims) => claims.groups,
      reject: (claims) => (claims.tenant === 'evil' ? 'Not this tenant' : undefined),
    };
    const responses: Record<string, object> = {
      good: { ...activeResponse, tenant: 'acme', app: 'shop', rights: 'a b', groups: ['g'] },
      'without tenant': { ...activeResponse, app: 'shop' },
      evil: { ...activeResponse, tenant: 'evil' },
    };
    const { verifier } = startIntrospection((token) => ({ ...responses[token] }), {}, { profile });
    await expect(verifier.verifyToken('good')).resolves.toMatchObject({
      clientId: 'shop',
      scopes: ['a', 'b'],
      roles: ['g'],
    });
    for (const token of ['without tenant', 'evil'])
      await expect(verifier.verifyToken(token)).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('requires "aud" even if the profile compares another claim with the audience', async () => {
    const response = { active: true, sub: 'alice', client_id: 'app', token_use: 'access' };
    const more = { profile: 'cognito', audience: 'app' } as const;
    const { verifier } = startIntrospection(() => response, {}, more);
    await expect(verifier.verifyToken('t')).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('rejects a token when a rule of the profile throws', async () => {
    const profile: AccessTokenProfile = {
      ...profiles.rfc9068,
      roles: (claims) => (claims.realm as { roles: string[] }).roles,
    };
    const { verifier, events } = startIntrospection(() => activeResponse, {}, { profile });
    await expect(verifier.verifyToken('t')).rejects.toMatchObject({ code: 'invalid_token', status: 401 });
    expect(events.at(-1)).toMatchObject({ type: 'token.rejected', check: 'exception', reason: 'TypeError' });
  });
});

describe('R2: a JWT that the issuer confirms', () => {
  const encode = (value: object) => base64url.encode(JSON.stringify(value));
  const createJwt = (header: object, claims: object = {}) =>
    `${encode({ alg: 'RS256', ...header })}.${encode({ iss: issuer, ...claims })}.AAAA`;
  const start = (response: object = activeResponse, more: { readonly allowMissingAudience?: boolean } = {}) =>
    startIntrospection(() => response as Record<string, unknown>, { tokens: 'all', ...more });

  test.each([
    [{ typ: 'logout+jwt' }, { events: {}, jti: 'a' }],
    [{ typ: 'JWT' }, { nonce: 'n' }],
    [{}, { at_hash: 'x' }],
    [{ typ: 'dpop+jwt' }, {}],
    [{ typ: 'secevent+jwt' }, {}],
    [{ typ: 7 }, {}],
  ])('is rejected with the header %j and the claims %j', async (header, claims) => {
    const { verifier, introspected } = start();
    await expect(verifier.verifyToken(createJwt(header, claims))).rejects.toMatchObject({
      code: 'invalid_token',
    });
    expect(introspected).toEqual([]);
  });

  test.each([{}, { typ: 'JWT' }, { typ: 'at+jwt' }, { typ: 'application/at+jwt' }])(
    'is accepted with the header %j',
    async (header) => {
      const { verifier } = start();
      await expect(verifier.verifyToken(createJwt(header, { scope: 'read' }))).resolves.toMatchObject({
        sub: 'alice',
      });
    },
  );

  test('is accepted with a nonce, if its type tells it apart from an ID token', async () => {
    const { verifier } = start();
    await expect(verifier.verifyToken(createJwt({ typ: 'at+jwt' }, { nonce: 'n' }))).resolves.toMatchObject({
      sub: 'alice',
    });
  });

  test('stays bound to its key, even if the response omits cnf', async () => {
    const { verifier } = start();
    const token = createJwt({ typ: 'at+jwt' }, { cnf: { jkt: 'a' } });
    await expect(verifier.verify({ headers: { authorization: `Bearer ${token}` } })).rejects.toMatchObject({
      code: 'invalid_token',
    });
  });

  test('is rejected for another audience, if a response without aud is accepted', async () => {
    const { aud, ...response } = activeResponse;
    const { verifier } = start(response, { allowMissingAudience: true });
    await expect(
      verifier.verifyToken(createJwt({}, { aud: 'https://other.example.test' })),
    ).rejects.toMatchObject({ code: 'invalid_token', check: 'aud' });
    await expect(verifier.verifyToken(createJwt({}, { aud }))).resolves.toMatchObject({ sub: 'alice' });
    await expect(verifier.verifyToken(createJwt({}))).resolves.toMatchObject({ sub: 'alice' });
  });
});

test('R2: a response is checked like a JWT of a profile that accepts any type', async () => {
  const profile: AccessTokenProfile = { ...profiles.rfc9068, name: 'acme', types: ['jwt'] };
  const { verifier } = startIntrospection(() => ({ ...activeResponse, nonce: 'n' }), {}, { profile });
  await expect(verifier.verifyToken('t')).rejects.toMatchObject({ code: 'invalid_token' });
});
