import { OAuthError } from '../errors.ts';
import { applyFaults } from '../faults/index.ts';
import { authorizationCodeGrant } from '../grants/authorization-code.ts';
import { clientCredentialsGrant } from '../grants/client-credentials.ts';
import { deviceCodeGrant } from '../grants/device-code.ts';
import type { GrantHandler } from '../grants/grant-handler.ts';
import { jwtBearerGrant } from '../grants/jwt-bearer.ts';
import { refreshTokenGrant } from '../grants/refresh-token.ts';
import { tokenExchangeGrant } from '../grants/token-exchange.ts';
import type { ServerState } from '../state.ts';
import {
  authenticateClient,
  getAuthenticationMethod,
  readCertificate,
} from '../wire/client-authentication.ts';
import { verifyDpopProof } from '../wire/dpop.ts';
import { checkRejectedParameters, createRejection, respondInFormat } from '../wire/rejection.ts';

const handlers: Readonly<Record<string, GrantHandler>> = {
  authorization_code: authorizationCodeGrant,
  refresh_token: refreshTokenGrant,
  client_credentials: clientCredentialsGrant,
  'urn:ietf:params:oauth:grant-type:device_code': deviceCodeGrant,
  'urn:ietf:params:oauth:grant-type:token-exchange': tokenExchangeGrant,
  'urn:ietf:params:oauth:grant-type:jwt-bearer': jwtBearerGrant,
};

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-3.2 */
export async function token(state: ServerState, request: Request, body: URLSearchParams): Promise<Response> {
  const client = await authenticateClient(state, request, body);
  const jkt = await verifyDpopProof(state, request);
  if (client.dpopBoundAccessTokens && jkt === undefined)
    throw new OAuthError('invalid_request', 'a DPoP proof is required');
  const isCertificateBound =
    client.tlsClientCertificateBoundAccessTokens ||
    getAuthenticationMethod(client).endsWith('tls_client_auth');
  const certificate = isCertificateBound ? readCertificate(request) : undefined;
  if (isCertificateBound && certificate === undefined)
    throw new OAuthError('invalid_request', 'a client certificate is required');
  const binding =
    jkt === undefined && certificate === undefined
      ? undefined
      : { ...(jkt !== undefined && { jkt }), ...(certificate !== undefined && { 'x5t#S256': certificate }) };
  const { publicClients } = state.flavour;
  const grantType = body.get('grant_type') ?? '';
  // A device cannot keep a secret.
  if (publicClients && getAuthenticationMethod(client) === 'none' && !grantType.endsWith('device_code')) {
    throw createRejection(publicClients, new OAuthError('invalid_client', 'a secret is required', 401));
  }
  checkRejectedParameters(state, body);
  const handler = handlers[grantType];
  if (!handler) throw new OAuthError('unsupported_grant_type', 'unknown grant_type');
  const response = await handler(state, { client, body, binding });
  const members = await applyFaults(state, 'tokenResponse', response);
  return respondInFormat(state, request, { members });
}
