import { isSecureUrl } from '../../protocol/secure-url.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import type { BrowserContext } from '../options.ts';
import { exchange } from '../wire/http.ts';
import { metadataOf } from '../wire/metadata.ts';

/** Revokes what can be revoked. A provider that does not answer keeps nobody from logging out. @see RFC 7009 section 2.1 */
export async function revoke(context: BrowserContext, tokens: TokenSet): Promise<void> {
  const { clientId, options } = context;
  const { revocation_endpoint: endpoint } = await metadataOf(context);
  const { refreshToken, accessTokens } = tokens;
  // Revoking the refresh token ends the access tokens that came from it.
  const token = refreshToken ?? accessTokens[0]?.accessToken;
  if (!isSecureUrl(endpoint, { allowInsecure: options.allowInsecureIssuer }) || !token) return;
  const hint = refreshToken ? 'refresh_token' : 'access_token';
  const body = new URLSearchParams({ client_id: clientId, token, token_type_hint: hint });
  await exchange(context, endpoint, { method: 'POST', body, keepalive: true });
}

/**
 * Where the provider ends its own session, if it can.
 *
 * @see OpenID Connect RP-Initiated Logout section 2
 */
export async function endSessionUrl(
  context: BrowserContext,
  tokens: TokenSet | undefined,
  postLogoutRedirectUri: string | undefined,
): Promise<string | undefined> {
  const { clientId, options } = context;
  const { end_session_endpoint: endpoint } = await metadataOf(context);
  if (!isSecureUrl(endpoint, { allowInsecure: options.allowInsecureIssuer })) return undefined;
  const url = new URL(endpoint);
  const parameters = {
    client_id: clientId,
    id_token_hint: options.idTokenHint === false ? undefined : tokens?.idToken,
    post_logout_redirect_uri: postLogoutRedirectUri,
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}
