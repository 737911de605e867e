import type { OptionType } from '../internal/check-options.ts';
import type { ClientOptions } from './client-options.ts';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const isKey = (value: unknown) => isObject(value) && 'algorithm' in value;

/** The types of the options of `createClient()`. */
export const clientOptionTypes: Readonly<Record<keyof ClientOptions, OptionType>> = {
  issuer: 'string',
  clientId: 'string',
  clientAuthentication: {
    expected: 'the result of a function such as clientSecretBasic(secret) or none()',
    accepts: (value) => isObject(value) && typeof value.apply === 'function',
  },
  redirectUri: 'string',
  scope: {
    expected: 'a string with the scopes separated by spaces',
    accepts: (value) => typeof value === 'string',
  },
  resource: 'text list',
  authorizationParameters: {
    expected: 'an object whose values are strings',
    accepts: (value) => isObject(value) && Object.values(value).every((each) => typeof each === 'string'),
  },
  metadata: 'object',
  discovery: { expected: "'openid' or 'oauth'", accepts: (value) => value === 'openid' || value === 'oauth' },
  metadataUrl: 'string',
  metadataMaxAge: 'number',
  keysMaxAge: 'number',
  idTokenSignedResponseAlg: 'string',
  idTokenMaxAge: 'number',
  userinfoSignedResponseAlg: 'string',
  userinfoEncryptedResponseAlg: 'string',
  allowUnaddressedUserinfo: 'boolean',
  allowLogoutTokenWithoutExp: 'boolean',
  authorizationSignedResponseAlg: 'string',
  introspectionSignedResponseAlg: 'string',
  decrypt: 'function',
  pushedAuthorizationRequests: {
    expected: "'always' or 'when_required'",
    accepts: (value) => value === 'always' || value === 'when_required',
  },
  requestObjectSigningKey: {
    expected: '{ key: CryptoKey, kid? }',
    accepts: (value) => isObject(value) && isKey(value.key),
  },
  responseMode: 'string',
  refreshTokens: 'boolean',
  dpop: {
    expected: '{ keyPair }, with the result of generateDpopKeyPair()',
    accepts: (value) =>
      isObject(value) &&
      isObject(value.keyPair) &&
      isKey(value.keyPair.privateKey) &&
      isKey(value.keyPair.publicKey),
  },
  certificateBoundAccessTokens: 'boolean',
  validateAccessToken: 'function',
  tokenRequestFormat: {
    expected: "'form' or 'json'",
    accepts: (value) => value === 'form' || value === 'json',
  },
  clockTolerance: 'number',
  timeout: 'number',
  maxResponseBytes: 'number',
  fetch: 'function',
  userAgent: 'string',
  now: 'function',
  onEvent: 'function',
  traceOperation: 'function',
  provider: {
    expected: 'a preset of @countersign/core/providers, such as keycloak({ issuer })',
    accepts: (value) => isObject(value) && typeof value.name === 'string' && typeof value.issuer === 'string',
  },
  retries: 'number',
  allowInsecureIssuer: 'boolean',
};

/** Names that other libraries use. */
export const clientOptionHints: Readonly<Record<string, string>> = {
  clientSecret: 'Set clientAuthentication: clientSecretBasic(secret), or clientSecretPost(secret).',
  client_secret: 'Set clientAuthentication: clientSecretBasic(secret), or clientSecretPost(secret).',
  client_id: 'Did you mean "clientId"?',
  redirect_uri: 'Did you mean "redirectUri"?',
  callbackUrl: 'Did you mean "redirectUri"?',
  scopes: 'Did you mean "scope"? It is a string with the scopes separated by spaces.',
  audience: 'Set authorizationParameters: { audience }, or resource.',
  tls_client_certificate_bound_access_tokens: 'Did you mean "certificateBoundAccessTokens"?',
  use_mtls_endpoint_aliases: 'Did you mean "certificateBoundAccessTokens"?',
  discoveryUrl: 'Did you mean "metadataUrl"?',
  wellKnown: 'Did you mean "metadataUrl"?',
  issuerUrl: 'Did you mean "issuer"?',
  issuerBaseURL: 'Did you mean "issuer"?',
};
