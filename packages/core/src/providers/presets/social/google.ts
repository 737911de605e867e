import type { ProviderBehaviour, ProviderPreset } from '../../provider.ts';

/** The issuer identifier of Google. */
export const googleIssuer = 'https://accounts.google.com';

/** The behaviour of Google, including one that was recognized by its issuer. */
export const googleBehaviour: ProviderBehaviour = {
  name: 'google',
  // The scope `offline_access` is rejected. Without `prompt=consent`, only the first login of a user returns a refresh token.
  // https://developers.google.com/identity/protocols/oauth2/web-server#offline
  refreshTokens: { parameters: { access_type: 'offline' }, prompt: 'consent' },
};

/**
 * Creates the preset of Google. Access tokens are opaque and for Google's own APIs. A logout at Google is not possible: there
 * is no logout endpoint. With `refreshTokens`, each login shows the consent page. A client of the type "web application" has a secret, so it cannot be used in a browser.
 *
 * @see https://developers.google.com/identity/openid-connect/openid-connect
 * @example
 * ```ts
 * import { clientSecretPost, createClient } from '@countersign/core';
 * import { google } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: google(),
 *   clientId: '1234-abcd.apps.googleusercontent.com',
 *   clientAuthentication: clientSecretPost(process.env.CLIENT_SECRET ?? ''),
 *   refreshTokens: true,
 * });
 * ```
 */
export function google(): ProviderPreset {
  return { ...googleBehaviour, issuer: googleIssuer, relaxes: [] };
}
