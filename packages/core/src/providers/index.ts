export { atlassian } from './atlassian.ts';
export { type Auth0Options, auth0 } from './auth0.ts';
export { type CognitoOptions, cognito } from './cognito.ts';
export { dex } from './dex.ts';
export { type EntraOptions, entra } from './entra.ts';
export { github } from './github.ts';
export { google } from './google.ts';
export { kanidm } from './kanidm.ts';
export { keycloak } from './keycloak.ts';
export { type OktaOptions, okta } from './okta.ts';
export type {
  ProviderAccessTokens,
  ProviderBehaviour,
  ProviderLogout,
  ProviderPreset,
  RefreshTokenRequest,
} from './provider.ts';
export type { IssuerOptions } from './require-issuer.ts';
