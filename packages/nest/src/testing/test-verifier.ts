import {
  type AccessTokenVerifier,
  AuthenticatedRequest,
  createAccessTokenVerifier,
  type VerifiedAccessToken,
} from '@countersign/core/resource-server';
import { ACCESS_TOKEN_VERIFIER } from '../injection-tokens.ts';

/** Who calls, as far as a test cares. */
export type TestPrincipal = Partial<Omit<VerifiedAccessToken, 'claims'>> & {
  readonly claims?: Readonly<Record<string, unknown>>;
};

const issuer = 'https://issuer.test';

/**
 * A principal for tests: `testPrincipal({ sub: 'alice', scopes: ['items:read'] })`. What is not said is filled in: an
 * issuer, the user `test-user`, no scopes, and an end in one hour (`expiresAt`, seconds since the epoch). For a client that
 * acts for itself write `kind: 'client'`.
 */
export function testPrincipal(principal: TestPrincipal = {}): VerifiedAccessToken {
  const { claims, ...members } = principal;
  const expiresAt = 'expiresAt' in members ? members.expiresAt : Math.floor(Date.now() / 1000) + 3600;
  const sub = members.sub ?? 'test-user';
  return {
    issuer,
    kind: 'user',
    sub,
    clientId: 'test-client',
    scopes: [],
    permissions: [],
    roles: [],
    expiresAt,
    dpopThumbprint: undefined,
    certificateThumbprint: undefined,
    ...members,
    claims: {
      iss: members.issuer ?? issuer,
      sub,
      ...(expiresAt !== undefined && { exp: expiresAt }),
      ...claims,
    },
  };
}

/**
 * A verifier that takes every request for the principal's, whatever it brings, or for nobody's when there is none.
 * Scopes, roles and all the rest are checked as ever. Real tokens are made by `mintAccessToken` of
 * `@countersign/testing`.
 */
export function createTestVerifier(principal: TestPrincipal | undefined): AccessTokenVerifier {
  // No key fits any token, so nothing that is not asked of the principal can be verified by accident.
  const real = createAccessTokenVerifier({ issuer, audience: issuer, jwks: { keys: [{ kty: 'none' }] } });
  if (principal === undefined) return { ...real, verifyOptional: async () => undefined };
  const accessToken = testPrincipal(principal);
  const authenticated = new AuthenticatedRequest({ scheme: 'Bearer', token: 'test-token' }, accessToken);
  return {
    ...real,
    verify: async () => authenticated,
    verifyOptional: async () => authenticated,
    verifyToken: async () => accessToken,
  };
}

/** The part of Nest's `TestingModuleBuilder` that is used. */
interface Overridable<T> {
  /** Replaces what a token injects. */
  overrideProvider(token: unknown): { useValue(value: unknown): T };
}

/**
 * Makes every request of a test be the principal's: `overrideAccessTokens(builder, { sub: 'alice' })`.
 * Without a principal, every request is anonymous.
 */
export function overrideAccessTokens<T>(builder: Overridable<T>, principal?: TestPrincipal): T {
  return builder.overrideProvider(ACCESS_TOKEN_VERIFIER).useValue(createTestVerifier(principal));
}
