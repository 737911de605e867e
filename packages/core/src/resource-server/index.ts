export {
  AccessTokenError,
  type AccessTokenErrorCode,
  AuthError,
  ConfigurationError,
  listStackFrames,
  TransportError,
} from '../errors.ts';
export type { AuthEvent, EventListener } from '../events.ts';
export type { JsonObject } from '../internal/json/json.ts';
export { createLineLimit, type LineLimit } from '../internal/line-limit.ts';
export type { SignatureAlgorithm } from '../internal/signatures/signature-algorithms.ts';
export type { AccessTokenProfile, AccessTokenProfileName } from '../protocol/tokens/access-token-profile.ts';
export { createMemoryReplayStore, type ReplayStore } from '../tokens/stores/replay-store.ts';
export { type AccessTokenVerifier, createAccessTokenVerifier } from './access-token-verifier.ts';
export type {
  CacheStatistics,
  IssuerStatistics,
  VerifierCacheStatistics,
  VerifierStatistics,
} from './caches/statistics.ts';
export type { ExpectedToken } from './claims/expected-token.ts';
export { profiles } from './claims/profiles.ts';
export type { AccessTokenClaims, VerifiedAccessToken } from './claims/verified-access-token.ts';
export type { TokenExplanation, TokenProblem } from './explanation/explain-token.ts';
export type { IntrospectionOptions } from './introspection/introspection.ts';
export type { UnknownTokenLimits } from './introspection/introspection-budget.ts';
export type { TrustedIssuer, TrustedIssuerSettings } from './issuers/issuer.ts';
export type { AccessTokenVerifierOptions, VerifierOptions } from './options/verifier-options.ts';
export { createProtectedResourceMetadataUrl, type ProtectedResource } from './protected-resource-metadata.ts';
export { formatChallenge } from './rejections/challenge.ts';
export { createFailureLog, type FailureLine } from './rejections/failure-log.ts';
export { isUnavailableError } from './rejections/unavailable-error.ts';
export { findUnexpectedCause } from './rejections/unexpected-cause.ts';
export { AuthenticatedRequest } from './requests/authenticated-request.ts';
export type { RequestHeaders, ResourceRequest } from './requests/credentials.ts';
export type { AccessRequirements } from './requirements.ts';
export {
  type CertificateHeaderFormat,
  computeCertificateThumbprint,
  type MtlsOptions,
} from './sender-constraint/client-certificate.ts';
export type { NonceOptions } from './sender-constraint/dpop-nonce.ts';
export type { DpopOptions } from './sender-constraint/dpop-proof.ts';
