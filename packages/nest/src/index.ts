export {
  type AccessTokenClaims,
  AccessTokenError,
  type AccessTokenProfile,
  type AccessTokenVerifier,
  profiles,
  type ReplayStore,
  type TrustedIssuer,
  type VerifiedAccessToken,
  type VerifierStatistics,
} from '@countersign/core/api';
export {
  type AccessReportRow,
  type AccessRequirement,
  accessReport,
  formatAccessReport,
} from './access-report.ts';
export { AccessTokenGuard } from './access-token.guard.ts';
export { AccessTokenErrorFilter } from './access-token-error.filter.ts';
export { AuthModule } from './auth.module.ts';
export type { AuthModuleExtras, AuthModuleOptions } from './auth-options.ts';
export { ConnectionAuthenticator, type ConnectionOptions } from './connection-authenticator.ts';
export { accessTokenCors } from './cors.ts';
export {
  MaxAge,
  OptionalAuth,
  Protected,
  Public,
  RequireAcr,
  RequireAnyScope,
  RequirePermissions,
  RequireRoles,
  RequireScopes,
} from './decorators/access.decorators.ts';
export {
  Policy,
  type PolicyDeclaration,
  type PolicyFunction,
  type PolicyProvider,
} from './decorators/policy.decorator.ts';
export { AccessToken, Claims, Principal } from './decorators/principal.decorators.ts';
export { AccessTokenException } from './exceptions.ts';
export type { GuardOptions } from './guard-options.ts';
export { accessTokenSecurity, accessTokenSecurityScheme } from './openapi.ts';
export type { RefusedMessage } from './refused-messages.ts';
export { ACCESS_TOKEN_VERIFIER } from './tokens.ts';
export { type RpcCredentials, rpcCredentials } from './transport/rpc.ts';
