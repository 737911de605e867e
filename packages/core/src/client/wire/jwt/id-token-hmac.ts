import { ValidationError } from '../../../errors.ts';
import { encodeUtf8, fromBase64Url } from '../../../internal/encoding.ts';
import { type IdTokenHmac, idTokenHmac } from '../../../providers/id-token-hmac.ts';
import type { Client } from '../../client.ts';
import { getClientContext } from '../../client-context.ts';
import { checkJwt } from './jwt-checks.ts';

/**
 * Returns how ID tokens are verified that are signed with the client secret: only with a preset of this package that needs it,
 * and if the application has registered no other algorithm.
 */
export function findIdTokenHmac(client: Client): IdTokenHmac | undefined {
  const { options } = getClientContext(client);
  return options.idTokenSignedResponseAlg === undefined ? options.provider?.[idTokenHmac] : undefined;
}

/**
 * Verifies the HMAC of an ID token. The protocol library has checked that its `alg` is HS256.
 *
 * @throws ValidationError `id_token_invalid`
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation step 8
 */
export async function verifyIdTokenHmac(verify: IdTokenHmac, jwt: string): Promise<void> {
  checkJwt(jwt, { code: 'id_token_invalid' });
  const end = jwt.lastIndexOf('.');
  const isValid = await verify(encodeUtf8(jwt.slice(0, end)), decode(jwt.slice(end + 1)));
  if (isValid) return;
  throw new ValidationError(
    'id_token_invalid',
    'signature',
    'The HMAC of the ID token is invalid. Compare the secret of the preset with the registration at the provider.',
  );
}

function decode(part: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64Url(part);
  } catch {
    return new Uint8Array();
  }
}
