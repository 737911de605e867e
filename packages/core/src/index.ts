export {
  type AuthorizationRequest,
  type AuthorizationTransaction,
  createAuthorizationRequest,
} from './client/authorization-request.ts';
export {
  type AuthorizationResponse,
  validateAuthorizationResponse,
} from './client/authorization-response.ts';
export {
  type ClientAuthentication,
  type ClientSigningKey,
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  none,
  privateKeyJwt,
  selfSignedTlsClientAuth,
  tlsClientAuth,
} from './client/client-authentication.ts';
export {
  type ClientCredentialsRequest,
  type ClientCredentialsTokens,
  createClientCredentialsTokens,
  requestClientCredentials,
} from './client/client-credentials.ts';
export { exchangeCode } from './client/code-exchange.ts';
export {
  type AuthorizationServerMetadata,
  type Client,
  type ClientOptions,
  createClient,
  type ExpectedAccessToken,
} from './client/create-client.ts';
export {
  type DeviceAuthorization,
  type DeviceAuthorizationRequest,
  type DevicePollOptions,
  pollDeviceAuthorization,
  requestDeviceAuthorization,
} from './client/device-authorization.ts';
export { discover } from './client/discovery.ts';
export { generateDpopKeyPair } from './client/dpop.ts';
export { createEndSessionUrl, type EndSessionRequest } from './client/end-session.ts';
export { type FrontchannelLogout, validateFrontchannelLogout } from './client/frontchannel-logout.ts';
export { type Introspection, introspectToken } from './client/introspection.ts';
export { exchangeAssertion, type JwtBearerRequest } from './client/jwt-bearer.ts';
export { type LogoutTokenClaims, validateLogoutToken } from './client/logout-token.ts';
export { type Auth0Options, auth0 } from './client/presets/auth0.ts';
export type { ProviderBehaviour } from './client/provider.ts';
export { type RefreshRequest, refreshTokens } from './client/refresh.ts';
export { createResourceFetch, type ResourceFetchOptions } from './client/resource-fetch.ts';
export { revokeToken } from './client/revocation.ts';
export { parseStepUpChallenge, type StepUp } from './client/step-up.ts';
export { parseThirdPartyLogin, type ThirdPartyLogin } from './client/third-party-login.ts';
export {
  exchangeToken,
  type TokenExchangeRequest,
  type TokenExchangeResponse,
} from './client/token-exchange.ts';
export type { IdTokenClaims, TokenResponse } from './client/token-response.ts';
export { type FetchTracer, type TraceSpan, traceFetch } from './client/trace-fetch.ts';
export { type Operation, type OperationTrace, traceOperations } from './client/trace-operations.ts';
export { fetchUserinfo, type Userinfo } from './client/userinfo.ts';
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
  TransportError,
  type TransportErrorCode,
  ValidationError,
  type ValidationErrorCode,
} from './errors.ts';
export type { AuthEvent, EventListener } from './events.ts';
export type { Clock } from './internal/clock.ts';
export type { Fetch } from './internal/http.ts';
export {
  type AccessTokenSource,
  createRefreshCoordinator,
  type GetAccessTokenRequest,
  type GetAccessTokenResult,
  type RefreshCoordinator,
  type RefreshCoordinatorOptions,
  type TokenHolder,
} from './tokens/refresh-coordinator.ts';
export { createMemoryLock, type RefreshLock } from './tokens/refresh-lock.ts';
export { createMemorySuccessorStore, type SuccessorStore } from './tokens/successor.ts';
export {
  type AccessToken,
  type AccessTokenRequest,
  createTokenSet,
  type TokenSet,
} from './tokens/token-set.ts';
