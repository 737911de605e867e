import { ConfigurationError } from '../../../errors.ts';
import { isSecureUrl } from '../../../protocol/secure-url.ts';
import type { ProviderBehaviour, ProviderPreset } from '../../provider.ts';

/** Options of {@link cognito}. */
export interface CognitoOptions {
  /** The identifier of the user pool, such as `eu-west-1_AbCdEfGhI`. It begins with the region. */
  readonly userPoolId: string;
}

/**
 * Creates the preset of Amazon Cognito user pools. A logout at Cognito needs `postLogoutRedirectUri`; without it, there is no
 * logout URL, unless the metadata lists an endpoint.
 *
 * @throws ConfigurationError `invalid_option` if `userPoolId` is not the identifier of a user pool
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { cognito } from '@countersign/core/providers';
 *
 * const client = createClient({ provider: cognito({ userPoolId: 'eu-west-1_AbCdEfGhI' }), clientId: 'web' });
 * ```
 */
export function cognito({ userPoolId }: CognitoOptions): ProviderPreset {
  const region = /^([a-z]{2}(?:-[a-z]+)+-\d+)_[A-Za-z\d]+$/.exec(String(userPoolId))?.[1];
  if (region === undefined) {
    throw new ConfigurationError(
      'invalid_option',
      `"userPoolId" is "${userPoolId}", expected the identifier of a user pool, such as "eu-west-1_AbCdEfGhI".`,
    );
  }
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return {
    ...cognitoBehaviour,
    issuer: `https://cognito-idp.${region}.${domain}/${userPoolId}`,
    relaxes: [],
    accessTokens: { profile: 'cognito' },
  };
}

/** The behaviour of a user pool, including one that was recognized by its issuer. */
export const cognitoBehaviour: ProviderBehaviour = {
  name: 'cognito',
  // The app client decides, and `offline_access` is unknown.
  // https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html
  refreshTokens: {},
  // The logout endpoint is at the domain of the hosted pages. The URL to return to is required, and must be one of the
  // "allowed sign-out URLs" of the app client. https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html
  createLogoutUrl({ clientId, postLogoutRedirectUri, metadata: { authorization_endpoint: endpoint } }) {
    if (!isSecureUrl(endpoint) || postLogoutRedirectUri === undefined) return undefined;
    const url = new URL('/logout', endpoint);
    url.searchParams.set('client_id', clientId);
    url.searchParams.set('logout_uri', postLogoutRedirectUri);
    return url;
  },
};

/** Checks whether an issuer is a user pool. */
export const isCognito = (issuer: string): boolean =>
  /^https:\/\/cognito-idp\.[a-z\d-]+\.amazonaws\.com(\.cn)?\//.test(issuer);
