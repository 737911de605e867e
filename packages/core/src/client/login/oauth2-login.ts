import { ConfigurationError } from '../../errors.ts';
import type { ProviderPreset } from '../../providers/provider.ts';

/** What only an ID token can satisfy. */
interface IdTokenRequirements {
  readonly scope: string;
  readonly maxAge?: unknown;
  readonly acrValues?: unknown;
  readonly idTokenHint?: unknown;
  readonly claims?: unknown;
}

/**
 * Rejects a login that needs an ID token, at a provider without OpenID Connect: its time, its method and its claims could not
 * be checked.
 *
 * @throws ConfigurationError `unsupported_by_provider`
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 */
export function checkOAuth2Login(
  provider: ProviderPreset | undefined,
  { scope, ...requirements }: IdTokenRequirements,
): void {
  if (!provider?.oauth2Userinfo) return;
  const name = Object.entries(requirements).find(([, value]) => value !== undefined)?.[0];
  const isOpenid = scope.split(' ').includes('openid');
  if (name === undefined && !isOpenid) return;
  throw new ConfigurationError(
    'unsupported_by_provider',
    `${name === undefined ? 'The scope "openid"' : `"${name}"`} needs an ID token, but logins at "${provider.name}" are OAuth 2 without OpenID Connect.`,
  );
}
