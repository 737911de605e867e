import { getErrorCode } from '../../errors.ts';
import { emitEventOrLog } from '../../events.ts';
import { isDevelopment } from '../../internal/development.ts';
import { isSecureUrl } from '../../protocol/secure-url.ts';
import { createCognitoLogoutUrl } from '../../providers/cognito.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import type { BrowserContext } from '../options.ts';
import { fetchMetadata } from '../wire/metadata.ts';
import { sendForm } from '../wire/token-request.ts';

/**
 * Revokes the refresh token, or else the access token, if the provider has a revocation endpoint. A failure does not stop a
 * logout: it is an event, or without a listener a warning in the console.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2.1
 */
export async function revokeTokens(context: BrowserContext, tokens: TokenSet): Promise<void> {
  const { issuer, clientId, options } = context;
  try {
    await sendRevocation(context, tokens);
  } catch (error) {
    const code = getErrorCode(error);
    emitEventOrLog(
      options.onEvent,
      { type: 'logout.incomplete', issuer, clientId, part: 'refresh_token', code },
      isDevelopment
        ? `The tokens of a login that has ended could not be revoked (${code}). They stay valid until their expiry.`
        : '',
    );
  }
}

async function sendRevocation(context: BrowserContext, tokens: TokenSet): Promise<void> {
  const { clientId, options } = context;
  const { revocation_endpoint: endpoint } = await fetchMetadata(context);
  const { refreshToken, accessTokens } = tokens;
  // With the refresh token, the provider also revokes the access tokens of its grant.
  const token = refreshToken ?? accessTokens[0]?.accessToken;
  if (!isSecureUrl(endpoint, { allowInsecure: options.allowInsecureIssuer }) || !token) return;
  const hint = refreshToken ? 'refresh_token' : 'access_token';
  // A public client with DPoP proves that it has the key of the token (RFC 9449 section 5).
  await sendForm(
    context,
    endpoint,
    { client_id: clientId, token, token_type_hint: hint },
    { keepalive: true },
  );
}

/**
 * Finds the page to which a logout leaves: the provider's, which ends its session, or the application's own.
 *
 * @returns `undefined` if there is none of them
 * @throws TransportError if the metadata cannot be fetched
 * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
 */
export async function findLogoutPage(
  context: BrowserContext,
  tokens: TokenSet | undefined,
  postLogoutRedirectUri: string | undefined,
): Promise<string | undefined> {
  const { clientId, options, issuer } = context;
  const metadata = await fetchMetadata(context);
  const cognitoUrl = createCognitoLogoutUrl(issuer, metadata, { clientId, postLogoutRedirectUri });
  if (cognitoUrl) return cognitoUrl.href;
  const { end_session_endpoint: endpoint } = metadata;
  if (!isSecureUrl(endpoint, { allowInsecure: options.allowInsecureIssuer })) return postLogoutRedirectUri;
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
