/** The name of a provider whose responses the server imitates. */
export type FlavourName =
  | 'standard'
  | 'apple'
  | 'auth0'
  | 'cognito'
  | 'dex'
  | 'entra'
  | 'entra-multitenant'
  | 'github'
  | 'google'
  | 'hydra'
  | 'keycloak'
  | 'okta'
  | 'spring';
