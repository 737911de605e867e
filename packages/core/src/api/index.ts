export {
  AccessTokenError,
  type AccessTokenErrorCode,
  AuthError,
  ConfigurationError,
  TransportError,
} from '../errors.ts';
export type { AuthEvent, EventListener } from '../events.ts';
export type { SignatureAlgorithm } from '../internal/signature-algorithms.ts';
export {
  type AccessTokenVerifier,
  type AccessTokenVerifierOptions,
  createAccessTokenVerifier,
  type ExpectedToken,
  type VerifierOptions,
} from './access-token-verifier.ts';
export { AuthenticatedRequest } from './authenticated-request.ts';
export { formatChallenge } from './challenge.ts';
export type { RequestHeaders, ResourceRequest } from './credentials.ts';
export type { TrustedIssuer } from './issuers.ts';
export { type AccessTokenProfile, type AccessTokenProfileName, profiles } from './profiles.ts';
export type { AccessRequirements } from './requirements.ts';
export type { AccessTokenClaims, VerifiedAccessToken } from './verified-access-token.ts';
