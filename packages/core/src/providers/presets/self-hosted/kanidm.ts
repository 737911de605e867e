import type { ProviderPreset } from '../../provider.ts';
import { type IssuerOptions, requireIssuer } from '../../require-issuer.ts';

/**
 * Creates the preset of Kanidm. It signs ID tokens with ES256, and reports an unknown refresh token with the error
 * `invalid_request` and status 400.
 *
 * @throws ConfigurationError `missing_option` or `invalid_option` if `issuer` is not a URL
 * @see https://kanidm.github.io/kanidm/stable/integrations/oauth2.html
 * @example
 * ```ts
 * import { clientSecretBasic, createClient } from '@countersign/core';
 * import { kanidm } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: kanidm({ issuer: 'https://idm.example.com/oauth2/openid/web' }),
 *   clientId: 'web',
 *   clientAuthentication: clientSecretBasic(process.env.CLIENT_SECRET ?? ''),
 * });
 * ```
 */
export function kanidm({ issuer }: IssuerOptions): ProviderPreset {
  return {
    name: 'kanidm',
    issuer: requireIssuer('kanidm', issuer),
    relaxes: [],
    // https://github.com/kanidm/kanidm/blob/master/book/src/integrations/oauth2.md
    idTokenSignedResponseAlg: 'ES256',
    isLoginEnded: ({ status, error }) => status === 400 && error === 'invalid_request',
  };
}
