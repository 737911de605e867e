// The subclasses differ in who must act: the developer, the provider, the user or the caller of the API.
// No message, cause or property contains a token, code, verifier, secret or cookie.

export { AccessTokenError } from './errors/access-token-error.ts';
export { AuthError, getErrorCode } from './errors/auth-error.ts';
export { AuthorizationServerError } from './errors/authorization-server-error.ts';
export { ConfigurationError } from './errors/configuration-error.ts';
export type {
  AccessTokenErrorCode,
  AuthErrorCode,
  AuthorizationServerErrorCode,
  ConfigurationErrorCode,
  LoginRequiredErrorCode,
  TransportErrorCode,
  ValidationErrorCode,
} from './errors/error-codes.ts';
export { nameForeignError } from './errors/foreign-error.ts';
export { LoginRequiredError } from './errors/login-required-error.ts';
export { toPrintableText } from './errors/printable-text.ts';
export type { RefreshRejection, RequiredAuthorization } from './errors/refresh-rejection.ts';
export { listStackFrames } from './errors/stack-frames.ts';
export { TransportError } from './errors/transport-error.ts';
export { ValidationError } from './errors/validation-error.ts';
