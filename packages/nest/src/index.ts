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
} from '@countersign/core/resource-server';
export {
  createPolicy,
  type ParameterizedPolicy,
  type PolicyDeclaration,
  type PolicyFunction,
  type PolicyProvider,
} from './access/access-policy.ts';
export type {
  EntityPolicyDeclaration,
  EntityPolicyFunction,
  EntityPolicyProvider,
} from './access/entity-policy.ts';
export type { PolicyExpression } from './access/policy-expression.ts';
export { AuthModule } from './auth.module.ts';
export type { AuthModuleExtras, AuthModuleOptions } from './auth-options.ts';
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
export { Policy } from './decorators/policy.decorator.ts';
export { BearerToken, Claims, Principal } from './decorators/principal.decorators.ts';
export { AccessTokenException } from './errors/access-token.exception.ts';
export { AccessTokenErrorFilter } from './errors/access-token-error.filter.ts';
export { AccessTokenGuard } from './guard/access-token.guard.ts';
export {
  ConnectionAuthenticator,
  type ConnectionOptions,
  type RenewalOptions,
} from './guard/connection-authenticator.ts';
export { EntityAccess, type EntityAccessOptions } from './guard/entity-access.ts';
export { CurrentPrincipal, getPrincipal, getPrincipalKey } from './guard/principal.ts';
export type { ErrorFormat, GuardOptions, RejectedMessage, RejectionDescription } from './guard-options.ts';
export {
  type AccessReportRow,
  type AccessRequirement,
  accessReport,
  formatAccessReport,
} from './handlers/access-report.ts';
export { accessTokenCors } from './http/cors.ts';
export { accessTokenSecurity, accessTokenSecurityScheme } from './http/openapi.ts';
export { ACCESS_TOKEN_VERIFIER } from './injection-tokens.ts';
export { type RpcCredentials, rpcCredentials } from './transport/rpc-transport.ts';
