export type { AcceptTenant, ProviderTenants } from '../protocol/tokens/token-issuer.ts';
export { type OAuth2Options, oauth2 } from './oauth2.ts';
export { type AdfsOptions, adfs } from './presets/adfs.ts';
export { type AppleKey, type AppleOptions, apple, readAppleUser } from './presets/apple.ts';
export { atlassian } from './presets/atlassian.ts';
export { type Auth0Options, auth0 } from './presets/auth0.ts';
export { authelia } from './presets/authelia.ts';
export { authentik } from './presets/authentik.ts';
export { type AzureAdB2cOptions, azureAdB2c } from './presets/azure-ad-b2c.ts';
export { type CognitoOptions, cognito } from './presets/cognito.ts';
export { dex } from './presets/dex.ts';
export { type EntraOptions, entra, personalAccounts } from './presets/entra.ts';
export { type EntraExternalIdOptions, entraExternalId } from './presets/entra-external-id.ts';
export { github } from './presets/github.ts';
export { gitlab } from './presets/gitlab.ts';
export { google } from './presets/google.ts';
export { hydra } from './presets/hydra.ts';
export { kanidm } from './presets/kanidm.ts';
export { keycloak } from './presets/keycloak.ts';
export { type LineOptions, line } from './presets/line.ts';
export { linkedin } from './presets/linkedin.ts';
export { logto } from './presets/logto.ts';
export { type OktaOptions, okta } from './presets/okta.ts';
export { salesforce } from './presets/salesforce.ts';
export { spring } from './presets/spring.ts';
export { twitch } from './presets/twitch.ts';
export { zitadel } from './presets/zitadel.ts';
export type {
  ClientSecretRequest,
  OAuth2Userinfo,
  ProviderAccessTokens,
  ProviderBehaviour,
  ProviderLogout,
  ProviderPreset,
  RefreshTokenRequest,
} from './provider.ts';
export type { IssuerOptions } from './require-issuer.ts';
