/** True for the name of the user that Keycloak gives each client. @see https://www.keycloak.org/docs/latest/server_admin/#_service_accounts */
export const isServiceAccount = (username: unknown): boolean =>
  typeof username === 'string' && username.startsWith('service-account-');
