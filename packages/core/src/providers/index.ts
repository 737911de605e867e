export type { AcceptTenant, ProviderTenants } from '../protocol/tokens/token-issuer.ts';
export { type OAuth2Options, oauth2 } from './oauth2.ts';
export { type AdfsOptions, adfs } from './presets/enterprise/adfs.ts';
export { type Auth0Options, auth0 } from './presets/enterprise/auth0.ts';
export { type AzureAdB2cOptions, azureAdB2c } from './presets/enterprise/azure-ad-b2c.ts';
export { type CognitoOptions, cognito } from './presets/enterprise/cognito.ts';
export { type EntraOptions, entra, personalAccounts } from './presets/enterprise/entra.ts';
export { type EntraExternalIdOptions, entraExternalId } from './presets/enterprise/entra-external-id.ts';
export { type OktaOptions, okta } from './presets/enterprise/okta.ts';
export { salesforce } from './presets/enterprise/salesforce.ts';
export { authelia } from './presets/self-hosted/authelia.ts';
export { authentik } from './presets/self-hosted/authentik.ts';
export { dex } from './presets/self-hosted/dex.ts';
export { hydra } from './presets/self-hosted/hydra.ts';
export { kanidm } from './presets/self-hosted/kanidm.ts';
export { keycloak } from './presets/self-hosted/keycloak.ts';
export { logto } from './presets/self-hosted/logto.ts';
export { spring } from './presets/self-hosted/spring.ts';
export { zitadel } from './presets/self-hosted/zitadel.ts';
export { type AppleKey, type AppleOptions, apple, readAppleUser } from './presets/social/apple.ts';
export { atlassian } from './presets/social/atlassian.ts';
export { github } from './presets/social/github.ts';
export { gitlab } from './presets/social/gitlab.ts';
export { google } from './presets/social/google.ts';
export { type LineOptions, line } from './presets/social/line.ts';
export { linkedin } from './presets/social/linkedin.ts';
export { twitch } from './presets/social/twitch.ts';
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
