import type { ProviderPreset } from '../../provider.ts';
import { type IssuerOptions, requireIssuer } from '../../require-issuer.ts';

/**
 * Creates the preset of Spring Authorization Server. It issues refresh tokens to clients that are
 * registered for them. It does not know the scope `offline_access`.
 *
 * @throws ConfigurationError `missing_option` or `invalid_option` if `issuer` is not a URL
 * @see https://docs.spring.io/spring-authorization-server/reference/core-model-components.html
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { spring } from '@countersign/core/providers';
 *
 * const client = createClient({ provider: spring({ issuer: 'https://login.example.com' }), clientId: 'web' });
 * ```
 */
export function spring({ issuer }: IssuerOptions): ProviderPreset {
  return {
    name: 'spring',
    issuer: requireIssuer('spring', issuer),
    relaxes: [],
    refreshTokens: {},
    accessTokens: { profile: 'spring' },
  };
}
