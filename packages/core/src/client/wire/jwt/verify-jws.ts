import { importVerificationKey, verifySignature } from '#platform';
import { ValidationError, type ValidationErrorCode } from '../../../errors.ts';
import { encodeUtf8, fromBase64Url } from '../../../internal/encoding.ts';
import type { JsonObject } from '../../../internal/json/json.ts';
import { parseJwtPart } from '../../../internal/json/jwt-part.ts';
import { type JsonFault, toCheckName } from '../../../internal/json/untrusted-json.ts';
import { listAcceptedNames } from '../../../internal/signatures/algorithm-names.ts';
import {
  isKeyForAlgorithm,
  isSignatureAlgorithm,
} from '../../../internal/signatures/signature-algorithms.ts';
import { selectSigningKeys } from '../../../protocol/tokens/signing-keys.ts';
import { findTokenIssuer } from '../../../protocol/tokens/token-issuer.ts';
import type { Client } from '../../client.ts';
import { getClientContext } from '../../client-context.ts';
import { checkJwt, createJwtError } from './jwt-checks.ts';
import { type TokenSender, verifyWithKeySet } from './provider-keys.ts';

/**
 * Verifies the signature of a token of the provider and returns its header and claims. Decrypts the token first if it is
 * encrypted. Does not validate the claims.
 *
 * @param expected.alg the registered algorithm. The header must contain the same (RFC 8725 section 3.1), or `Ed25519` for
 *   `EdDSA` (RFC 9864).
 * @throws ValidationError with the given code
 * @see https://www.rfc-editor.org/rfc/rfc7515#section-5.2
 */
export async function verifyJws(
  client: Client,
  token: string,
  expected: { readonly alg: string; readonly code: ValidationErrorCode; readonly sender: TokenSender },
): Promise<{ readonly header: JsonObject; readonly claims: JsonObject }> {
  const { alg, code, sender } = expected;
  const subject = code.replaceAll('_', ' ');
  const invalid = (check: string, problem: string) =>
    new ValidationError(code, check, `${subject}: ${problem}`);
  const { options, issuerRule } = getClientContext(client);
  const { decrypt } = options;
  const isEncrypted = token.split('.', 6).length === 5;
  if (isEncrypted) checkJwt(token, { code });
  const jws = isEncrypted && decrypt ? await decrypt(token) : token;
  const parts = jws.split('.', 4);
  if (parts.length !== 3) throw invalid('format', 'the token is not a JWS with three parts');
  const [protectedHeader, payload, encodedSignature] = parts as [string, string, string];
  const createError = (fault: JsonFault, problem: string) =>
    toCheckName(fault) === 'json'
      ? invalid('format', `the JSON of the JWT ${problem}`)
      : createJwtError(code)(fault, problem);
  const header = parseJwtPart(protectedHeader, { createError });
  const claims = parseJwtPart(payload, { createError });
  const acceptedNames: readonly unknown[] = isSignatureAlgorithm(alg) ? listAcceptedNames<string>(alg) : [];
  if (!isSignatureAlgorithm(alg) || !acceptedNames.includes(header.alg))
    throw invalid('alg', `"alg" is not "${alg}"`);
  // An unknown extension must not be ignored (RFC 7515 section 4.1.11).
  if (header.crit !== undefined || header.b64 !== undefined) {
    throw invalid('crit', 'the header has "crit" or "b64"');
  }
  const kid = header.kid ?? undefined;
  const signature = decodeSignature(encodedSignature);
  const data = encodeUtf8(`${protectedHeader}.${payload}`);
  const verify = async ({ keys }: { readonly keys: readonly unknown[] }) => {
    const fittingKeys = (keys as readonly JsonObject[]).filter((jwk) => isKeyForAlgorithm(jwk, alg));
    const candidates = selectSigningKeys(fittingKeys, kid);
    for (const jwk of signature ? candidates : []) {
      const key = await importVerificationKey(jwk, alg).catch(() => undefined);
      if (key && (await verifySignature(alg, key, data, signature as Uint8Array).catch(() => false)))
        return true;
    }
    // The key may not be published yet: the key set is fetched again, unless a key with the kid is known.
    if (kid === undefined || candidates.every((jwk) => jwk.kid !== kid))
      throw invalid('kid', 'no known key of the provider has signed it, or too many keys fit');
    return false;
  };
  const tokenIssuer = findTokenIssuer(issuerRule, claims);
  const isValid = await verifyWithKeySet(client, verify, { sender, tokenIssuer });
  if (!isValid) throw invalid('signature', 'the signature is invalid');
  return { header, claims };
}

function decodeSignature(part: string): Uint8Array | undefined {
  try {
    return fromBase64Url(part);
  } catch {
    return undefined;
  }
}
