import * as oauth from 'oauth4webapi';
import { encodeUtf8, toBase64Url } from '../../../internal/encoding.ts';
import { removeNullMembers } from '../../../internal/json/json.ts';
import { parseJwtPart } from '../../../internal/json/jwt-part.ts';
import type { Client } from '../../client.ts';
import { getClientContext } from '../../client-context.ts';
import { checkJwt, createJwtError, type JwtCheck } from './jwt-checks.ts';
import { verifyJws } from './verify-jws.ts';

/**
 * Creates functions that check the JSON of a JWT before the protocol library parses it, decrypted content included.
 * The library makes all other checks. The library does not accept claims that are `null`, so it receives a JWT without
 * them. Its signature must be verified on the signed JWT.
 *
 * @param onJwt called with the checked JWT before the protocol library parses it. Default: none.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#Encryption
 */
export function createJwtReader(client: Client, check: JwtCheck, onJwt?: (jwt: string) => void) {
  const { decrypt } = getClientContext(client).options;
  let decryptedJwt: string | undefined;
  let hasNullClaims = false;
  const prepare = (jwt: string) => {
    checkJwt(jwt, check);
    onJwt?.(jwt);
    const preparedJwt = removeNullClaims(jwt);
    hasNullClaims = preparedJwt !== jwt;
    return preparedJwt;
  };
  const decryptAndPrepare = async (jwe: string) => {
    decryptedJwt = await decrypt?.(jwe);
    return prepare(decryptedJwt ?? '');
  };
  return {
    /** Options for the process functions of the protocol library. */
    decryptOptions: decrypt ? { [oauth.jweDecrypt]: decryptAndPrepare } : {},
    /** Returns the decrypted JWT, or the JWT itself if it was not encrypted. */
    getSignedJwt: (jwt: string) => decryptedJwt ?? jwt,
    /** @throws ValidationError if a part exceeds a limit or repeats a member */
    check: (jwt: string) => checkJwt(jwt, check),
    /**
     * Checks a JWT. Returns it without claims that are `null`, for the protocol library.
     *
     * @throws ValidationError if a part exceeds a limit or repeats a member
     */
    prepare,
    /** Verifies the signature of the JWT that the protocol library has processed. */
    async verifyJwt(jwt: string, alg: string, verifyProcessed: () => Promise<unknown>): Promise<void> {
      if (hasNullClaims)
        await verifyJws(client, decryptedJwt ?? jwt, { alg, code: check.code, sender: 'provider' });
      else await verifyProcessed();
    },
  };
}

export type JwtReader = ReturnType<typeof createJwtReader>;

/** Returns the JWT without the claims that are `null`: they count as absent. Its signature is then invalid. */
function removeNullClaims(jwt: string): string {
  const [header, payload, signature, ...otherParts] = jwt.split('.', 4);
  if (payload === undefined || signature === undefined || otherParts.length > 0) return jwt;
  const claims = parseJwtPart(payload, { createError: createJwtError('response_malformed') });
  const presentClaims = removeNullMembers(claims);
  if (presentClaims === claims) return jwt;
  return `${header}.${toBase64Url(encodeUtf8(JSON.stringify(presentClaims)))}.${signature}`;
}
