import type { Userinfo } from '../../client/resources/userinfo.ts';
import { AuthorizationServerError, ConfigurationError, ValidationError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import { removeNullMembers } from '../../internal/json/json.ts';
import { isSecureUrl } from '../../protocol/secure-url.ts';
import { describeResponse, findTokenError } from '../../protocol/tokens/refresh-rejection.ts';
import type { BrowserAuth } from '../browser-auth-types.ts';
import { type BrowserAuthOptions, type BrowserContext, resolveOptions } from '../options.ts';
import { fetchMetadata } from '../wire/metadata.ts';
import { type HttpResponse, readAddress, sendRequest } from '../wire/send-request.ts';

/**
 * Fetches the claims about the signed-in user from the provider. An access token that the endpoint rejects is refreshed once.
 *
 * @param options those of the client
 * @throws LoginRequiredError if no user is signed in, or the login changes meanwhile
 * @throws ConfigurationError `unsupported_by_provider` if the provider has no userinfo endpoint
 * @throws AuthorizationServerError `endpoint_error` if the provider rejects the access token
 * @throws ValidationError `userinfo_invalid` if the response names another user, or is not a JSON object. A signed response
 *   is not supported.
 * @throws TransportError if the provider is temporarily unavailable
 * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfo
 * @example
 * ```ts
 * import { type BrowserAuthOptions, createBrowserAuth, fetchUserinfo } from '@countersign/core/browser';
 *
 * async function showPicture(options: BrowserAuthOptions) {
 *   const auth = createBrowserAuth(options);
 *   await auth.start();
 *   const { picture } = await fetchUserinfo(auth, options);
 *   return picture;
 * }
 * ```
 */
export async function fetchUserinfo(auth: BrowserAuth, options: BrowserAuthOptions): Promise<Userinfo> {
  const { holder = null } = auth.snapshot();
  const context = resolveOptions(options);
  const url = await findUserinfoEndpoint(context);
  let rejectedToken: string | undefined;
  let response: HttpResponse;
  for (let isRepeated = false, hasNonce = false; ; ) {
    // Throws after a logout or the login of another user.
    const token = await auth.getAccessToken({ holder, rejectedToken });
    const headers = await auth.authorize({ method: 'GET', url }, token);
    response = await sendRequest(context, url, { headers });
    const challenge = response.headers.get('www-authenticate') ?? '';
    const isNewNonce = await auth.rememberNonce(url, response.headers);
    if (response.status !== 401) break;
    // The provider requires its nonce in the proof (RFC 9449 section 9).
    if (isNewNonce && !hasNonce && challenge.includes('use_dpop_nonce')) hasNonce = true;
    else if (isRepeated || token.accessToken === rejectedToken) break;
    else {
      isRepeated = true;
      rejectedToken = token.accessToken;
    }
  }
  requireSuccess(response, readAddress(url));
  if (!response.body) throw createError('body', 'is not a JSON object');
  const userinfo = removeNullMembers(response.body);
  // Claims of another user must not be shown (OpenID Connect Core section 5.3.2).
  if (userinfo.sub !== holder?.sub) throw createError('sub', 'differs from the ID token');
  // The user may have changed meanwhile.
  await auth.getAccessToken({ holder });
  return userinfo as unknown as Userinfo;
}

async function findUserinfoEndpoint(context: BrowserContext): Promise<string> {
  const { userinfo_endpoint: url } = await fetchMetadata(context);
  if (isSecureUrl(url, { allowInsecure: context.options.allowInsecureIssuer })) return url;
  throw new ConfigurationError(
    'unsupported_by_provider',
    isDevelopment
      ? `Metadata "userinfo_endpoint" of ${context.issuer} is missing or not an https URL. Enable the endpoint at the provider.`
      : 'userinfo_endpoint',
  );
}

/** @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfoError */
function requireSuccess({ status, headers }: HttpResponse, url: string): void {
  if (status === 200) return;
  const error = findTokenError(status, undefined, headers.get('www-authenticate'))?.error ?? '';
  throw new AuthorizationServerError(
    'endpoint_error',
    isDevelopment
      ? `GET ${url} responded with ${describeResponse({ status, error })}. Allow the scope openid for the client at the provider, and an access token for userinfo.`
      : '',
    { error, status },
  );
}

const createError = (check: string, problem: string) =>
  new ValidationError('userinfo_invalid', check, isDevelopment ? `Userinfo "${check}" ${problem}.` : '');
