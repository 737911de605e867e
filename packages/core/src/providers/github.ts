import type { ClientOptions } from '../client/client-options.ts';

/** Options of {@link github}: the client options without those that are the same for all applications. */
export type GithubOptions = Omit<ClientOptions, 'issuer' | 'metadata'>;

const issuer = 'https://github.com';

/**
 * Creates the options of {@link createClient} for GitHub Apps with expiring tokens (OAuth 2 without OpenID Connect). It
 * reports errors with status 200: an invalid refresh token as `bad_refresh_token`, or as `unauthorized_client`.
 *
 * @see https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens
 * @example
 * ```ts
 * import { clientSecretPost, createClient, github } from '@countersign/core';
 *
 * const client = createClient(
 *   github({
 *     clientId: 'web',
 *     clientAuthentication: clientSecretPost(process.env.CLIENT_SECRET ?? ''),
 *     scope: 'read:user',
 *   }),
 * );
 * ```
 */
export function github(options: GithubOptions): ClientOptions {
  return {
    ...options,
    issuer,
    metadata: {
      issuer,
      authorization_endpoint: `${issuer}/login/oauth/authorize`,
      token_endpoint: `${issuer}/login/oauth/access_token`,
    },
    provider: {
      ...options.provider,
      isLoginEnded: ({ error }) => error === 'bad_refresh_token' || error === 'unauthorized_client',
    },
  };
}
