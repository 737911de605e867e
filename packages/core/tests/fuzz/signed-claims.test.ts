import { createTestAuthorizationServer } from '@countersign/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AuthorizationTransaction,
  fetchUserinfo,
  introspectToken,
  refreshTokens,
  validateAuthorizationResponse,
  validateLogoutToken,
} from '../../src/index.ts';
import { createRespondingClient, expectTyped, issuer, longTimeout } from './random-response.ts';

const names = [
  'iss',
  'sub',
  'aud',
  'azp',
  'exp',
  'iat',
  'nbf',
  'jti',
  'sid',
  'nonce',
  'events',
  'at_hash',
  'auth_time',
  'acr',
  'code',
  'state',
  'token_introspection',
  'active',
  '__proto__',
];
const claims = fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.jsonValue(), fc.constant(undefined)), {
  maxKeys: 3,
});
const header = fc.dictionary(
  fc.constantFrom('typ', 'cty', 'kid', 'crit', 'b64', 'jwk', 'jku', 'zip'),
  fc.jsonValue(),
  { maxKeys: 2 },
);

const transaction: AuthorizationTransaction = {
  issuer,
  clientId: 'web',
  redirectUri: 'https://app.example.test/callback',
  state: 'state',
  codeVerifier: 'verifier',
  scope: 'openid',
  createdAt: Math.floor(Date.now() / 1000),
};

/** All signatures are valid, so that only claims and headers decide. */
describe('C9: any claims and any header with a valid signature lead to a value or a typed error', () => {
  const kinds = [
    'userinfo',
    'introspection',
    'refreshed ID token',
    'authorization response',
    'logout token',
  ] as const;

  test.each(kinds)('C9: as %s', longTimeout, async (kind) => {
    const server = await createTestAuthorizationServer({ issuer, clients: [{ clientId: 'web' }] });
    const now = Math.floor(Date.now() / 1000);
    const base = {
      userinfo: { sub: 'alice' },
      introspection: { token_introspection: { active: true } },
      'refreshed ID token': {},
      'authorization response': { code: 'code', state: 'state' },
      'logout token': { jti: 'j', events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
    }[kind];
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(claims, header, async (overrides, changed) => {
        const full = { exp: now + 300, iat: now, aud: 'web', ...base, ...overrides };
        const typ = kind === 'introspection' ? { typ: 'token-introspection+jwt' } : {};
        const token = await server.mintIdToken(full, { header: { ...typ, ...changed } });
        const { client } = createRespondingClient(
          (url) => {
            if (url.endsWith('/jwks')) return server.fetch(String(server.metadata.jwks_uri));
            if (url.endsWith('/token'))
              return Response.json({ access_token: 'a', token_type: 'Bearer', id_token: token });
            const type = kind === 'introspection' ? 'application/token-introspection+jwt' : 'application/jwt';
            return new Response(token, { headers: { 'content-type': type } });
          },
          { userinfoSignedResponseAlg: 'RS256' },
        );
        const run = {
          userinfo: () => fetchUserinfo(client, 'token', 'alice'),
          introspection: () => introspectToken(client, 'token'),
          // An invalid ID token is ignored, and the other tokens are returned.
          'refreshed ID token': async () => {
            const tokens = await refreshTokens(client, 'refresh-token');
            return tokens.idToken === undefined ? undefined : tokens;
          },
          'authorization response': () => {
            const signed = createRespondingClient((url) => server.fetch(url), { responseMode: 'jwt' }).client;
            return validateAuthorizationResponse(
              signed,
              new URLSearchParams({ response: token }),
              transaction,
            );
          },
          'logout token': () => validateLogoutToken(client, token),
        }[kind];
        const value = await expectTyped<unknown>(run());
        if (value === undefined) return;
        accepted += 1;
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
        expect(typeof (changed.typ ?? 'JWT')).toBe('string');
        const getClaim = <T>(name: string, fallback: T) => (name in overrides ? overrides[name] : fallback);
        if (kind !== 'refreshed ID token') expect(getClaim('iss', issuer)).toBe(issuer);
        if (kind !== 'refreshed ID token') expect([getClaim('aud', 'web')].flat()).toContain('web');
      }),
      {
        numRuns: 150,
        examples: [
          [{}, { typ: { toString: {} } }],
          [{}, { typ: ['JWT'] }],
        ],
      },
    );
    expect(accepted).toBeGreaterThan(0);
  });
});
