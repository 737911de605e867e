import { isSecureUrl } from '../protocol/secure-url.ts';

/**
 * Creates the logout URL of an Amazon Cognito user pool. Its logout endpoint is at the domain of the hosted pages, and has
 * parameters of its own. The URL must be one of the "allowed sign-out URLs" of the app client.
 *
 * @returns `undefined` for another provider, or without a page to return to, which Cognito requires
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html
 */
export function createCognitoLogoutUrl(
  issuer: string,
  metadata: { readonly authorization_endpoint?: string | undefined },
  request: { readonly clientId: string; readonly postLogoutRedirectUri: string | undefined },
): URL | undefined {
  const { authorization_endpoint: endpoint } = metadata;
  const { clientId, postLogoutRedirectUri } = request;
  if (!isCognito(issuer) || !isSecureUrl(endpoint) || postLogoutRedirectUri === undefined) return undefined;
  const url = new URL('/logout', endpoint);
  url.searchParams.set('client_id', clientId);
  url.searchParams.set('logout_uri', postLogoutRedirectUri);
  return url;
}

/** Recognizes the issuer of a user pool. */
const isCognito = (issuer: string): boolean =>
  /^https:\/\/cognito-idp\.[a-z\d-]+\.amazonaws\.com(\.cn)?\//.test(issuer);
