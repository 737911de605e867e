export type { Client } from './client/client.ts';
export type {
  ClientOptions,
  ClientSettings,
  ExpectedAccessToken,
} from './client/client-options.ts';
export { createClient } from './client/create-client.ts';
export {
  type ClientCredentialsRequest,
  type ClientCredentialsTokens,
  createClientCredentialsTokens,
  requestClientCredentials,
} from './client/grants/client-credentials.ts';
export { exchangeCode } from './client/grants/code-exchange.ts';
export {
  type DeviceAuthorization,
  type DeviceAuthorizationRequest,
  type DevicePollOptions,
  pollDeviceAuthorization,
  requestDeviceAuthorization,
} from './client/grants/device-authorization.ts';
export { exchangeAssertion, type JwtBearerRequest } from './client/grants/jwt-bearer.ts';
export { type RefreshRequest, refreshTokens } from './client/grants/refresh.ts';
export {
  exchangeToken,
  type TokenExchangeRequest,
  type TokenExchangeResponse,
} from './client/grants/token-exchange.ts';
export {
  type AuthorizationRequest,
  type AuthorizationTransaction,
  createAuthorizationRequest,
} from './client/login/authorization-request.ts';
export {
  type AuthorizationResponse,
  validateAuthorizationResponse,
} from './client/login/authorization-response.ts';
export { parseThirdPartyLogin, type ThirdPartyLogin } from './client/login/third-party-login.ts';
export type { EndSessionRequest } from './client/logout/end-session-request.ts';
export { createEndSessionUrl } from './client/logout/end-session-url.ts';
export { type FrontchannelLogout, validateFrontchannelLogout } from './client/logout/frontchannel-logout.ts';
export { type LogoutTokenClaims, validateLogoutToken } from './client/logout/logout-token.ts';
export { revokeToken } from './client/logout/revocation.ts';
export { type Introspection, introspectToken } from './client/resources/introspection.ts';
export { fetchOAuth2User, type OAuth2User } from './client/resources/oauth2-user.ts';
export { createResourceFetch, type ResourceFetchOptions } from './client/resources/resource-fetch.ts';
export { parseStepUpChallenge, type StepUp } from './client/resources/step-up.ts';
export { fetchUserinfo, type Userinfo } from './client/resources/userinfo.ts';
export { type FetchTracer, type TraceSpan, traceFetch } from './client/tracing/trace-fetch.ts';
export { type Operation, type OperationTrace, traceOperations } from './client/tracing/trace-operations.ts';
export {
  type ClientAssertionOptions,
  type ClientAuthentication,
  type ClientSigningKey,
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  none,
  privateKeyJwt,
  selfSignedTlsClientAuth,
  tlsClientAuth,
} from './client/wire/client-authentication.ts';
export { discover } from './client/wire/discovery.ts';
export { generateDpopKeyPair } from './client/wire/dpop.ts';
export type { AuthorizationServerMetadata } from './client/wire/server-metadata.ts';
export type { IdTokenClaims, TokenResponse } from './client/wire/token-response.ts';
export {
  AccessTokenError,
  type AccessTokenErrorCode,
  AuthError,
  type AuthErrorCode,
  AuthorizationServerError,
  type AuthorizationServerErrorCode,
  ConfigurationError,
  type ConfigurationErrorCode,
  LoginRequiredError,
  type LoginRequiredErrorCode,
  type RefreshRejection,
  type RequiredAuthorization,
  TransportError,
  type TransportErrorCode,
  ValidationError,
  type ValidationErrorCode,
} from './errors.ts';
export type { AuthEvent, EventListener } from './events.ts';
export type { Clock } from './internal/clock.ts';
export type { WebCryptoKey, WebCryptoKeyPair } from './internal/crypto-types.ts';
export type { Fetch } from './internal/fetch/bounded-fetch.ts';
export type { ProviderPreset } from './providers/provider.ts';
export {
  type AccessTokenSource,
  createRefreshCoordinator,
  type GetAccessTokenRequest,
  type GetAccessTokenResult,
  type RefreshCoordinator,
  type RefreshCoordinatorOptions,
  type TokenHolder,
} from './tokens/refresh/refresh-coordinator.ts';
export { createMemoryLock, type RefreshLock } from './tokens/stores/refresh-lock.ts';
export { createMemorySuccessorStore, type SuccessorStore } from './tokens/stores/successor-store.ts';
export {
  type AccessToken,
  type AccessTokenRequest,
  createTokenSet,
  type TokenSet,
  type UserIdentity,
} from './tokens/token-set.ts';
