import type { ProviderPreset } from '../../provider.ts';
import { type IssuerOptions, requireIssuer } from '../../require-issuer.ts';

/**
 * Creates the preset of GitLab. It issues refresh tokens to every application. Access tokens are opaque.
 *
 * @throws ConfigurationError `missing_option` or `invalid_option` if `issuer` is not a URL
 * @see https://docs.gitlab.com/integration/openid_connect_provider/
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { gitlab } from '@countersign/core/providers';
 *
 * const client = createClient({ provider: gitlab({ issuer: 'https://gitlab.com' }), clientId: 'web' });
 * ```
 */
export function gitlab({ issuer }: IssuerOptions): ProviderPreset {
  return {
    name: 'gitlab',
    issuer: requireIssuer('gitlab', issuer),
    relaxes: [],
    refreshTokens: {},
  };
}
