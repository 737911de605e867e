const prefix = 'service-account-';

/** Checks whether a username may be of a Keycloak service account: https://www.keycloak.org/docs/latest/server_admin/#_service_accounts */
export const isServiceAccountName = (username: unknown): username is string =>
  typeof username === 'string' && username.startsWith(prefix);

/**
 * Recognizes the username of the client's service account. Keycloak writes it in lower case. Users can choose such a name with
 * that of another client. Without a client there is nothing to compare.
 */
export const isServiceAccount = (username: unknown, clientId: unknown): boolean =>
  isServiceAccountName(username) &&
  (typeof clientId !== 'string' || username === `${prefix}${clientId.toLowerCase()}`);
