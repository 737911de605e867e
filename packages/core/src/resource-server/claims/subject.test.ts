import { describe, expect, test } from 'vitest';
import {
  activeResponse,
  startIntrospection,
} from '../../../tests/support/resource-server/start-introspection.ts';
import { startVerifier } from '../../../tests/support/resource-server/start-verifier.ts';
import { type AccessTokenProfileName, createAccessTokenVerifier, profiles } from '../index.ts';

async function verifyJwt(
  profile: AccessTokenProfileName,
  claims: Record<string, unknown>,
): Promise<{ kind: string; sub: string }> {
  const { server } = await startVerifier();
  const audience = profile === 'cognito' ? 'app' : 'https://api.example.test';
  const verifier = createAccessTokenVerifier({
    issuer: server.issuer,
    audience,
    profile,
    fetch: server.fetch,
  });
  return verifier.verifyToken(await server.mintAccessToken(claims, { header: { typ: 'at+jwt' } }));
}

describe('R3: a token represents a user or a client', () => {
  test.each<[AccessTokenProfileName, Record<string, unknown>, 'user' | 'client']>([
    ['rfc9068', {}, 'user'],
    ['rfc9068', { sub: 'app' }, 'client'],
    ['auth0', { sub: 'auth0|alice', azp: 'spa', client_id: undefined }, 'user'],
    ['auth0', { sub: 'x1@clients', azp: 'x1', gty: 'client-credentials', client_id: undefined }, 'client'],
    ['auth0', { sub: 'x1@clients', azp: 'x1', client_id: undefined }, 'client'],
    ['auth0', { sub: 'auth0|x1@clients', azp: 'spa', client_id: undefined }, 'user'],
    ['auth0', { sub: 'x1@clients', azp: 'spa', client_id: undefined }, 'user'],
    ['auth0', { sub: 'x1@clients', client_id: undefined }, 'client'],
    ['auth0', { sub: 'x1', gty: ['client-credentials'] }, 'client'],
    ['keycloak', { typ: 'Bearer', azp: 'spa', client_id: undefined, preferred_username: 'alice' }, 'user'],
    ['keycloak', { typ: 'Bearer', azp: 'spa', client_id: undefined, sid: 's' }, 'user'],
    ['keycloak', { typ: 'Bearer', azp: 'job', preferred_username: 'service-account-job' }, 'client'],
    ['keycloak', { typ: 'Bearer', azp: 'job', username: 'service-account-job' }, 'client'],
    ['keycloak', { typ: 'Bearer', client_id: 'Job', sid: 's', username: 'service-account-job' }, 'client'],
    // The name of a user who has chosen it.
    ...[
      { azp: 'spa', sid: 's', preferred_username: 'service-account-job' },
      { azp: 'spa', session_state: 's', username: 'service-account-job' },
      { azp: 'spa', sid: 's', preferred_username: 'service-account-' },
      { azp: 'job', sid: 's', auth_time: 1, preferred_username: 'service-account-job' },
    ].map((claims): [AccessTokenProfileName, Record<string, unknown>, 'user'] => [
      'keycloak',
      { typ: 'Bearer', client_id: undefined, ...claims },
      'user',
    ]),
    // A service account after a token exchange.
    [
      'keycloak',
      { typ: 'Bearer', azp: 'other', client_id: undefined, preferred_username: 'service-account-job' },
      'client',
    ],
    ['keycloak', { typ: 'Bearer', azp: 'job', sid: 's', clientHost: '10.0.0.1' }, 'client'],
    ['keycloak', { typ: 'Bearer', azp: 'job' }, 'client'],
    ['entra', { azp: 'spa', scp: 'Items.Read', oid: 'o' }, 'user'],
    ['entra', { azp: 'spa', idtyp: 'user' }, 'user'],
    ['entra', { azp: 'job', sub: 'o', oid: 'o', roles: ['Items.All'] }, 'client'],
    ['entra', { azp: 'job', idtyp: 'app', scp: 'Items.Read' }, 'client'],
    ['okta', { cid: 'spa', uid: '00u1', sub: 'alice@example.test' }, 'user'],
    ['okta', { cid: '0oa1', sub: '0oa1' }, 'client'],
    ['okta', { cid: '0oa1', sub: 'custom' }, 'client'],
    ['cognito', { token_use: 'access', aud: undefined, username: 'alice' }, 'user'],
    ['cognito', { token_use: 'access', aud: undefined, sub: 'app' }, 'client'],
    ['cognito', { token_use: 'access', aud: undefined, sub: 'app', username: 'app' }, 'client'],
    ['cognito', { token_use: 'access', aud: undefined }, 'client'],
  ])('%s %j: %s', async (profile, claims, kind) => {
    await expect(verifyJwt(profile, claims)).resolves.toMatchObject({ kind });
  });
});

describe('R3: the identifier of a client never identifies a user', () => {
  test.each([
    { username: 'alice' },
    { username: 'alice', sub: null },
    { username: 'alice', sub: '' },
    { user_name: 'alice' },
    { uid: '1' },
    { login: 'alice' },
    { email: 'alice@example.test' },
    { phone_number: '+1 202 555 0100' },
    { given_name: 'Alice' },
    { auth_time: 1 },
  ])('rejects a user without sub: %j', async (user) => {
    const { verifier } = startIntrospection(() => ({
      ...activeResponse,
      sub: undefined,
      client_id: 'web',
      ...user,
    }));
    await expect(verifier.verifyToken('t')).rejects.toMatchObject({
      code: 'invalid_token',
      message: 'The access token has no subject',
    });
  });

  test('rejects a sub that is not a text, even if the profile selects another claim', async () => {
    const profile = { ...profiles.rfc9068, subject: (claims: Record<string, unknown>) => claims.login };
    const response = { ...activeResponse, sub: 42, login: 'alice' };
    const { verifier } = startIntrospection(() => response, {}, { profile });
    await expect(verifier.verifyToken('t')).rejects.toMatchObject({ code: 'invalid_token' });
  });

  test('reads the user from the claim that the profile selects', async () => {
    const profile = { ...profiles.rfc9068, subject: (claims: Record<string, unknown>) => claims.login };
    const { verifier } = startIntrospection(
      (token) => ({
        ...activeResponse,
        sub: undefined,
        client_id: 'web',
        ...(token !== 'client' && { login: token }),
      }),
      {},
      { profile },
    );
    await expect(verifier.verifyToken('alice')).resolves.toMatchObject({ kind: 'user', sub: 'alice' });
    await expect(verifier.verifyToken('bob')).resolves.toMatchObject({ kind: 'user', sub: 'bob' });
    await expect(verifier.verifyToken('client')).resolves.toMatchObject({ kind: 'client', sub: 'web' });
  });

  test.each([
    [
      { sub: 'alice', client_id: 'web' },
      { kind: 'user', sub: 'alice' },
    ],
    [
      { sub: 'web', client_id: 'web' },
      { kind: 'client', sub: 'web' },
    ],
    [{ client_id: 'web' }, { kind: 'client', sub: 'web' }],
    [
      { client_id: 'web', username: 'web' },
      { kind: 'client', sub: 'web' },
    ],
    [
      { client_id: 'web', username: 'service-account-web' },
      { kind: 'client', sub: 'web' },
    ],
    [
      { sub: 'alice', username: 'alice' },
      { kind: 'user', sub: 'alice' },
    ],
    // Without client_id the default is a client.
    [{ sub: 'alice' }, { kind: 'client', sub: 'alice' }],
  ])('reads %j as %j', async (claims, expected) => {
    const { verifier } = startIntrospection(() => ({
      ...activeResponse,
      sub: undefined,
      client_id: undefined,
      ...claims,
    }));
    await expect(verifier.verifyToken('t')).resolves.toMatchObject(expected);
  });

  test('treats an unknown kind as a client', async () => {
    const profile = { ...profiles.rfc9068, kind: () => 'superuser' };
    const { verifier } = startIntrospection(() => activeResponse, {}, { profile });
    await expect(verifier.verifyToken('t')).resolves.toMatchObject({ kind: 'client' });
  });
});
