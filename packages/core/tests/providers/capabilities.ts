/** A column of the matrix. */
export interface Capability {
  readonly name: CapabilityName;
  /** The heading of the column. */
  readonly title: string;
  /** The name of its tests. */
  readonly sentence: string;
}

export type CapabilityName =
  | 'login'
  | 'idToken'
  | 'refresh'
  | 'endOfRefresh'
  | 'userinfo'
  | 'logout'
  | 'backchannelLogout'
  | 'apiToken'
  | 'severalResources';

/** The columns of the matrix, in their order. */
export const capabilities: readonly Capability[] = [
  {
    name: 'login',
    title: 'login',
    sentence: 'a login sends the parameters of the provider, and returns tokens',
  },
  {
    name: 'idToken',
    title: 'ID token',
    sentence: 'the ID token names the user, and one with a foreign signature is rejected',
  },
  {
    name: 'refresh',
    title: 'refresh',
    sentence: 'a refresh returns another access token, and so does the next one',
  },
  {
    name: 'endOfRefresh',
    title: 'end of refresh',
    sentence: 'an invalid refresh token ends the login',
  },
  {
    name: 'userinfo',
    title: 'userinfo',
    sentence: 'userinfo names the user of the login',
  },
  {
    name: 'logout',
    title: 'logout',
    sentence: 'a logout ends the session at the provider, and returns to the application',
  },
  {
    name: 'backchannelLogout',
    title: 'back-channel logout',
    sentence: 'a logout token of the provider names the session',
  },
  {
    name: 'apiToken',
    title: 'API token',
    sentence: 'an API accepts the access token, and rejects the ID token and a token for another audience',
  },
  {
    name: 'severalResources',
    title: 'several resources',
    sentence: 'one login receives an access token for each of two APIs',
  },
];
