import type { ProviderPreset } from '../../provider.ts';
import { type IssuerOptions, requireIssuer } from '../../require-issuer.ts';

/**
 * Creates the preset of Logto. It signs ID tokens with ES384. It issues access tokens for an API only if the
 * login requests its resource.
 *
 * @throws ConfigurationError `missing_option` or `invalid_option` if `issuer` is not a URL
 * @see https://docs.logto.io/quick-starts/traditional
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { logto } from '@countersign/core/providers';
 *
 * const client = createClient({ provider: logto({ issuer: 'https://acme.logto.app/oidc' }), clientId: 'web' });
 * ```
 */
export function logto({ issuer }: IssuerOptions): ProviderPreset {
  return {
    name: 'logto',
    issuer: requireIssuer('logto', issuer),
    relaxes: [],
    idTokenSignedResponseAlg: 'ES384',
    // https://docs.logto.io/integrate-logto/integrate-logto-into-your-application/understand-authentication-flow
    refreshTokens: { scope: 'offline_access', prompt: 'consent' },
    accessTokens: { algorithms: ['ES384'] },
  };
}
