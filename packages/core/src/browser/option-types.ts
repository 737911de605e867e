import type { OptionType } from '../internal/check-options.ts';

export const browserOptionTypes = {
  issuer: 'string',
  clientId: 'string',
  redirectUri: 'string',
  scope: 'string',
  refreshTokens: 'boolean',
  resource: 'text list',
  authorizationParameters: 'object',
  silentRedirectUri: 'string',
  postLogoutRedirectUri: 'string',
  idTokenHint: 'boolean',
  metadata: 'object',
  metadataUrl: 'string',
  idTokenSignedResponseAlg: 'string',
  idTokenMaxAge: 'number',
  provider: 'object',
  clockTolerance: 'number',
  timeout: 'number',
  leeway: 'number',
  storage: 'object',
  dpop: 'function',
  navigate: 'function',
  fetch: 'function',
  now: 'function',
  lock: 'function',
  onEvent: 'function',
  allowInsecureIssuer: 'boolean',
} satisfies Readonly<Record<string, OptionType>>;

/** Names that other libraries use. */
export const browserOptionHints: Readonly<Record<string, string>> = {
  client_id: 'Did you mean "clientId"?',
  redirect_uri: 'Did you mean "redirectUri"?',
  authority: 'Did you mean "issuer"?',
  scopes: 'Did you mean "scope"? It is a string with the scopes separated by spaces.',
  audience: 'Set authorizationParameters: { audience }, or resource.',
};
