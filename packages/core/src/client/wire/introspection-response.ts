import * as oauth from 'oauth4webapi';
import { ValidationError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../internal/json/json.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { createJwtReader } from './jwt/jwt-reader.ts';
import { verifyWithKeys } from './jwt/provider-keys.ts';
import { toProtocolClient } from './request-options.ts';
import type { AuthorizationServerMetadata } from './server-metadata.ts';

/**
 * Validates an introspection response and returns its members. The response must be signed if
 * `introspectionSignedResponseAlg` is set.
 *
 * @throws ValidationError `introspection_invalid`, or an error of the protocol library
 * @see https://www.rfc-editor.org/rfc/rfc9701#section-5
 */
export async function readIntrospectionResponse(
  client: Client,
  metadata: AuthorizationServerMetadata,
  response: Response,
): Promise<JsonObject> {
  const protocolClient = toProtocolClient(client);
  const { introspectionSignedResponseAlg: alg } = getClientContext(client).options;
  const type = response.headers.get('content-type')?.split(';')[0];
  const isSigned = type === 'application/token-introspection+jwt';
  // A missing signature is a downgrade: the response may be forged.
  if (response.ok && alg !== undefined && !isSigned) {
    throw new ValidationError(
      'introspection_invalid',
      'signature',
      'The introspection response is not signed, although a signature algorithm is set.',
    );
  }
  if (!isSigned) return { ...(await oauth.processIntrospectionResponse(metadata, protocolClient, response)) };
  const jwtReader = createJwtReader(client, { code: 'introspection_invalid' });
  const jwt = await response.clone().text();
  const { status, headers } = response;
  const preparedResponse = new Response(jwtReader.prepare(jwt), { status, headers });
  const members = await oauth.processIntrospectionResponse(
    metadata,
    protocolClient,
    preparedResponse,
    jwtReader.decryptOptions,
  );
  await jwtReader.verifyJwt(jwt, alg ?? 'RS256', () =>
    verifyWithKeys(client, (as, keys) => oauth.validateApplicationLevelSignature(as, preparedResponse, keys)),
  );
  const introspection = jwtReader.getClaims()?.token_introspection;
  return isJsonObject(introspection) ? { ...introspection } : { ...members };
}
