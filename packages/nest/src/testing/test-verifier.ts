import {
  type AccessTokenVerifier,
  AuthenticatedRequest,
  ConfigurationError,
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
 * @throws ConfigurationError `wrong_context` with `NODE_ENV=production`
 * @example
 * ```ts
 * AuthModule.forRoot({ verifier: createTestVerifier({ sub: 'alice', scopes: ['items:read'] }) });
 * ```
 */
export function createTestVerifier(principal: TestPrincipal | undefined): AccessTokenVerifier {
  const authenticatedRequest = createTestRequest(principal);
  return createSwitchingVerifier('createTestVerifier()', () => authenticatedRequest);
}

/** The part of Nest's `TestingModuleBuilder` that this package uses. */
interface OverridableBuilder<T> {
  overrideProvider(token: unknown): { useValue(value: unknown): T };
}

/** Sets the principal of a testing module. Created by {@link overrideAuth}. */
export interface AuthOverride<T> {
  /**
   * Authenticates every following request as the principal. Without a principal, every request is anonymous. It can be
   * called again while the application runs.
   *
   * @returns the builder of the testing module
   */
  as(principal?: TestPrincipal): T;
}

/**
 * Replaces the verifier of a testing module, so that requests need no token. Scopes, roles, policies and all other
 * requirements are checked as usual. Use it with Jest, Vitest or any other test runner.
 *
 * @param builder Nest's `TestingModuleBuilder`
 * @throws ConfigurationError `wrong_context` with `NODE_ENV=production`
 * @example
 * ```ts
 * const module = await overrideAuth(Test.createTestingModule({ imports: [AppModule] }))
 *   .as({ sub: 'alice', scopes: ['items:read'], roles: ['editor'] })
 *   .compile();
 * ```
 */
export function overrideAuth<T>(builder: OverridableBuilder<T>): AuthOverride<T> {
  let authenticatedRequest: AuthenticatedRequest | undefined;
  const verifier = createSwitchingVerifier('overrideAuth()', () => authenticatedRequest);
  const overriddenBuilder = builder.overrideProvider(ACCESS_TOKEN_VERIFIER).useValue(verifier);
  return {
    as(principal) {
      authenticatedRequest = createTestRequest(principal);
      return overriddenBuilder;
    },
  };
}

const createTestRequest = (principal: TestPrincipal | undefined): AuthenticatedRequest | undefined =>
  principal && new AuthenticatedRequest({ scheme: 'Bearer', token: 'test-token' }, testPrincipal(principal));

function createSwitchingVerifier(
  name: string,
  findRequest: () => AuthenticatedRequest | undefined,
): AccessTokenVerifier {
  rejectProduction(name);
  // The key matches no token, so the methods that are not replaced below reject every token.
  const real = createAccessTokenVerifier({ issuer, audience: issuer, jwks: { keys: [{ kty: 'none' }] } });
  return {
    ...real,
    // A request with `verify` must be authenticated: the real verifier creates the error of an anonymous one.
    verify: async () => findRequest() ?? real.verify({ headers: {} }),
    verifyOptional: async () => findRequest(),
    verifyToken: async (token, expected) => findRequest()?.accessToken ?? real.verifyToken(token, expected),
  };
}

/** It accepts requests without a token. */
function rejectProduction(name: string): void {
  if (process.env.NODE_ENV === 'production')
    throw new ConfigurationError(
      'wrong_context',
      `${name} accepts requests without a token and does not run with NODE_ENV=production. Use it in tests only`,
    );
}
