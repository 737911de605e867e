import type { ProviderPreset } from '../../provider.ts';

/**
 * Creates the preset of LinkedIn ("Sign In with LinkedIn using OpenID Connect"). Two checks that stop a stolen authorization code
 * are not possible: standard apps reject PKCE, and the ID token has no `nonce`. What remains:
 *
 * - The code is exchanged with the client secret only, so a client without credentials is an error.
 * - The `state` belongs to one browser and one login, which is completed once, so an attacker cannot log a user in to another account.
 * - The ID token comes from the token endpoint by TLS, for a code that is valid once. Its signature, audience and times are
 *   validated, and a `nonce` that is present.
 *
 * An attacker who reads the code of a user before the application does can still use it in a login of their own. Keep the
 * redirect URI free of other scripts and redirects. There are no refresh tokens for most apps, and no logout page.
 *
 * @see https://learn.microsoft.com/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.5
 * @example
 * ```ts
 * import { clientSecretPost, createClient } from '@countersign/core';
 * import { linkedin } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: linkedin(),
 *   clientId: '86abcdefghijkl',
 *   clientAuthentication: clientSecretPost(process.env.CLIENT_SECRET ?? ''),
 * });
 * ```
 */
export function linkedin(): ProviderPreset {
  return {
    name: 'linkedin',
    // https://learn.microsoft.com/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2
    issuer: 'https://www.linkedin.com/oauth',
    relaxes: [
      'RFC 9700 section 2.1.1: logins have no PKCE, because the token endpoint rejects `code_verifier` of standard apps with `invalid_client`. A client without credentials is rejected',
      'OpenID Connect Core section 3.1.3.7, step 11: the ID token may have no `nonce`',
    ],
    serverOnly: true,
    scope: 'openid profile email',
    // PKCE is for native apps, and LinkedIn enables it for each app:
    // https://learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow-native
    // `code_verifier` is answered with `invalid_client`: https://github.com/UsefulSoftwareCo/executor/issues/2087
    pkce: 'unsupported',
    // https://github.com/authlib/authlib/issues/763
    allowIdTokenWithoutNonce: true,
    // The secret is a parameter: https://learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow
    tokenEndpointAuthMethod: 'client_secret_post',
    // For selected partners, without a scope: https://learn.microsoft.com/linkedin/shared/authentication/programmatic-refresh-tokens
    refreshTokens: {},
  };
}
