import * as oauth from 'oauth4webapi';
import { encodeUtf8, toBase64Url } from '../../../internal/encoding.ts';
import { type JsonObject, removeNullMembers } from '../../../internal/json/json.ts';
import { hasEscapedNameInPart, parseJwtPart } from '../../../internal/json/jwt-part.ts';
import type { Client } from '../../client.ts';
import { getClientContext } from '../../client-context.ts';
import { checkJwt, createJwtError, type JwtCheck } from './jwt-checks.ts';
import { verifyJws } from './verify-jws.ts';

/**
 * Creates functions that check the JSON of a JWT before the protocol library parses it, decrypted content included.
 * The library makes all other checks. The library does not accept claims that are `null`, and can read a member name with an
 * escape as another name, so it receives a JWT without them. The signature of the signed JWT must then be verified.
 *
 * @param onJwt called with the checked JWT before the protocol library parses it. Default: none.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#Encryption
 */
export function createJwtReader(client: Client, check: JwtCheck, onJwt?: (jwt: string) => void) {
  const { decrypt } = getClientContext(client).options;
  let decryptedJwt: string | undefined;
  let isRewritten = false;
  let claims: JsonObject | undefined;
  const prepare = (jwt: string) => {
    checkJwt(jwt, check);
    onJwt?.(jwt);
    const prepared = prepareJwt(jwt);
    isRewritten = prepared.jwt !== jwt;
    claims = prepared.claims;
    return prepared.jwt;
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
    /** Returns the claims of the prepared JWT, without those that are `null`. The library may have read other names. */
    getClaims: () => claims,
    /**
     * Checks a JWT. Returns one that the protocol library reads correctly.
     *
     * @throws ValidationError if a part exceeds a limit or repeats a member
     */
    prepare,
    /** Verifies the signature of the JWT that the protocol library has processed. */
    async verifyJwt(jwt: string, alg: string, verifyProcessed: () => Promise<unknown>): Promise<void> {
      if (isRewritten)
        await verifyJws(client, decryptedJwt ?? jwt, { alg, code: check.code, sender: 'provider' });
      else await verifyProcessed();
    },
  };
}

export type JwtReader = ReturnType<typeof createJwtReader>;

/**
 * Returns the claims, and a JWT that the protocol library reads correctly. Claims that are `null` count as absent. If the JWT
 * is another one, its signature is invalid.
 */
function prepareJwt(jwt: string): { readonly jwt: string; readonly claims?: JsonObject } {
  const [header, payload, signature, ...otherParts] = jwt.split('.', 4);
  if (header === undefined || payload === undefined || signature === undefined || otherParts.length > 0)
    return { jwt };
  const options = { createError: createJwtError('response_malformed') };
  const receivedClaims = parseJwtPart(payload, options);
  const claims = removeNullMembers(receivedClaims);
  const hasEscapes = hasEscapedNameInPart(header, options) || hasEscapedNameInPart(payload, options);
  if (claims === receivedClaims && !hasEscapes) return { jwt, claims };
  return { jwt: `${encodePart(parseJwtPart(header, options))}.${encodePart(claims)}.${signature}`, claims };
}

const encodePart = (part: JsonObject): string =>
  toBase64Url(encodeUtf8(JSON.stringify(part, omitEscapedName)));

/** The library needs no member whose name cannot be written without an escape. */
const omitEscapedName = (name: string, value: unknown): unknown =>
  JSON.stringify(name).includes('\\') ? undefined : value;
