export {
  type AccessTokenClaims,
  AccessTokenError,
  type AccessTokenProfile,
  type AccessTokenVerifier,
  profiles,
  type TrustedIssuer,
  type VerifiedAccessToken,
} from '@countersign/core/api';
export { AccessTokenGuard } from './access-token.guard.ts';
export { AccessTokenErrorFilter } from './access-token-error.filter.ts';
export { AuthModule } from './auth.module.ts';
export type { AuthModuleExtras, AuthModuleOptions, ResponseOptions } from './auth-options.ts';
export {
  MaxAge,
  OptionalAuth,
  Public,
  RequireAcr,
  RequireAnyScope,
  RequirePermissions,
  RequireRoles,
  RequireScopes,
} from './decorators/access.decorators.ts';
export { AccessToken, Claims, Principal } from './decorators/principal.decorators.ts';
export { AccessTokenException } from './refusal-response.ts';
export { ACCESS_TOKEN_VERIFIER } from './tokens.ts';
