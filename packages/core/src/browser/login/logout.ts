import { getErrorCode, TransportError } from '../../errors.ts';
import { emitEventOrLog } from '../../events.ts';
import { isDevelopment } from '../../internal/development.ts';
import { isSecureUrl } from '../../protocol/secure-url.ts';
import type { TokenSet } from '../../tokens/token-set.ts';
import type { BrowserContext } from '../options.ts';
import type { LoginStore } from '../state/login-store.ts';
import { findProvider } from '../wire/find-provider.ts';
import { createMetadataUrl, fetchMetadata } from '../wire/metadata.ts';
import { sendRequest } from '../wire/send-request.ts';
import { sendForm } from '../wire/token-request.ts';
import { createLogoutState } from './logout-return.ts';

/**
 * Revokes the refresh token, or else the access token, if the provider has a revocation endpoint. A failure does not stop a
 * logout: it is an event, or without a listener a warning in the console.
 *
 * @returns the error of a failed revocation
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2.1
 */
export async function revokeTokens(context: BrowserContext, tokens: TokenSet): Promise<unknown> {
  const { issuer, clientId, options } = context;
  try {
    await sendRevocation(context, tokens);
    return undefined;
  } catch (error) {
    const code = getErrorCode(error);
    emitEventOrLog(
      options.onEvent,
      { type: 'logout.incomplete', issuer, clientId, part: 'refresh_token', code },
      isDevelopment
        ? `The tokens of a login that has ended could not be revoked (${code}). They stay valid until their expiry.`
        : '',
    );
    return error;
  }
}

/**
 * Checks after a failed revocation that the provider can be reached: its logout page would otherwise be an error page of the
 * browser. One endpoint may fail alone, for example because it does not allow the origin of this page (CORS). With static
 * metadata there is no check: the page may be unable to read the provider's own document.
 */
async function requireProvider(context: BrowserContext, revocationError: unknown): Promise<void> {
  if (context.options.metadata || !(revocationError instanceof TransportError)) return;
  await sendRequest(context, createMetadataUrl(context)).catch((error: unknown) => {
    if (error instanceof TransportError) throw error;
  });
}

/**
 * Deletes the tokens of a login that a logout in another tab has ended, and revokes them without waiting: the other tab could
 * not revoke a refresh token that only this tab has, or that this tab stored after the logout.
 */
export async function discardEndedLogin(
  context: BrowserContext,
  store: Pick<LoginStore, 'deleteEndedLogin'>,
): Promise<void> {
  const tokens = await store.deleteEndedLogin();
  if (tokens) void revokeTokens(context, tokens);
}

async function sendRevocation(context: BrowserContext, tokens: TokenSet): Promise<void> {
  const { clientId, options } = context;
  const { refreshToken, accessTokens } = tokens;
  // With the refresh token, the provider also revokes the access tokens of its grant.
  const token = refreshToken ?? accessTokens[0]?.accessToken;
  if (!token) return;
  const { revocation_endpoint: endpoint } = await fetchMetadata(context);
  if (!isSecureUrl(endpoint, { allowInsecure: options.allowInsecureIssuer })) return;
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
 * @param options.revocationError the error of the revocation that preceded
 * @returns `undefined` if there is none of them
 * @throws TransportError if the provider is unavailable
 * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
 */
export async function findLogoutPage(
  context: BrowserContext,
  tokens: TokenSet | undefined,
  {
    postLogoutRedirectUri,
    revocationError,
  }: { readonly postLogoutRedirectUri: string | undefined; readonly revocationError: unknown },
): Promise<string | undefined> {
  const { clientId, options } = context;
  const metadata = await fetchMetadata(context);
  const provider = findProvider(context, metadata);
  const providerUrl = provider?.createLogoutUrl?.({ clientId, postLogoutRedirectUri, metadata });
  const { end_session_endpoint: endpoint } = metadata;
  if (!providerUrl && !isSecureUrl(endpoint, { allowInsecure: options.allowInsecureIssuer }))
    return postLogoutRedirectUri;
  await requireProvider(context, revocationError);
  if (providerUrl) return providerUrl.href;
  const url = new URL(endpoint as string);
  const parameters = {
    client_id: clientId,
    id_token_hint: options.idTokenHint === false ? undefined : tokens?.idToken,
    post_logout_redirect_uri: postLogoutRedirectUri,
    state: createLogoutState(context, postLogoutRedirectUri),
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}
