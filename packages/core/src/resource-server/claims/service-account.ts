/** Recognizes the username of a Keycloak service account: https://www.keycloak.org/docs/latest/server_admin/#_service_accounts */
export const isServiceAccount = (username: unknown): boolean =>
  typeof username === 'string' && username.startsWith('service-account-');
