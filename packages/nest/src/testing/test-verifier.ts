import {
  type AccessTokenVerifier,
  AuthenticatedRequest,
  createAccessTokenVerifier,
  type VerifiedAccessToken,
} from '@countersign/core/resource-server';
import { ACCESS_TOKEN_VERIFIER } from '../injection-tokens.ts';

/** The members of a principal that a test sets. */
export type TestPrincipal = Partial<Omit<VerifiedAccessToken, 'claims'>> & {
  readonly claims?: Readonly<Record<string, unknown>>;
};

const issuer = 'https://issuer.test';

/**
 * Creates a principal for tests. Defaults: `kind: 'user'`, `sub: 'test-user'`, `clientId: 'test-client'`, no scopes,
 * permissions or roles, and `expiresAt` in one hour (seconds since the epoch). Write `kind: 'client'` for a client that
 * acts for itself.
 *
 * @example
 * ```ts
 * const principal = testPrincipal({ sub: 'alice', scopes: ['items:read'] });
 * ```
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
 * Creates a verifier that authenticates every request as the principal, with or without a token. Without a principal,
 * every request is anonymous. Scopes, roles and other requirements are checked as usual.
 *
 * To test with real tokens, use `mintAccessToken()` of `@countersign/testing`.
 *
 * @example
 * ```ts
 * AuthModule.forRoot({ verifier: createTestVerifier({ sub: 'alice', scopes: ['items:read'] }) });
 * ```
 */
export function createTestVerifier(principal: TestPrincipal | undefined): AccessTokenVerifier {
  // The key matches no token, so the methods that are not replaced below reject every token.
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

/** The part of Nest's `TestingModuleBuilder` that this package uses. */
interface OverridableBuilder<T> {
  overrideProvider(token: unknown): { useValue(value: unknown): T };
}

/**
 * Replaces the verifier of a testing module, so that every request is authenticated as the principal. Without a
 * principal, every request is anonymous.
 *
 * @param builder Nest's `TestingModuleBuilder`
 * @returns the builder
 * @example
 * ```ts
 * const module = await overrideAccessTokens(Test.createTestingModule({ imports: [AppModule] }), {
 *   sub: 'alice',
 *   scopes: ['items:read'],
 * }).compile();
 * ```
 */
export function overrideAccessTokens<T>(builder: OverridableBuilder<T>, principal?: TestPrincipal): T {
  return builder.overrideProvider(ACCESS_TOKEN_VERIFIER).useValue(createTestVerifier(principal));
}
