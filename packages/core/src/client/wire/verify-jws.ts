import { importVerificationKey, verifySignature } from '#platform';
import { ValidationError, type ValidationErrorCode } from '../../errors.ts';
import { encodeUtf8, fromBase64Url } from '../../internal/encoding.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import { parseJwtPart } from '../../internal/json/jwt-part.ts';
import { type JsonFault, toCheckName } from '../../internal/json/untrusted-json.ts';
import { isSignatureAlgorithm, keyFits } from '../../internal/signature-algorithms.ts';
import { getClientContext } from '../client-context.ts';
import type { Client } from '../create-client.ts';
import { checkJwt, createJwtError } from './jwt-checks.ts';
import { type TokenSender, verifyWithKeySet } from './provider-keys.ts';

/**
 * Verifies a signed token of the provider, opened first when it is encrypted, and gives its header and claims.
 * Claims are not looked at here.
 *
 * @param alg the registered algorithm; the token's own must be the same (RFC 8725 section 3.1)
 * @throws ValidationError with the given code
 * @see RFC 7515 section 5.2
 */
export async function verifyJws(
  client: Client,
  token: string,
  expected: { readonly alg: string; readonly code: ValidationErrorCode; readonly sender: TokenSender },
): Promise<{ readonly header: JsonObject; readonly claims: JsonObject }> {
  const { alg, code, sender } = expected;
  const fail = (check: string) =>
    new ValidationError(code, check, `${code.replaceAll('_', ' ')}: ${check} is not what it must be`);
  const { decrypt } = getClientContext(client).options;
  const isEncrypted = token.split('.', 6).length === 5;
  if (isEncrypted) checkJwt(token, { code });
  const jws = isEncrypted && decrypt ? await decrypt(token) : token;
  const parts = jws.split('.', 4);
  if (parts.length !== 3) throw fail('format');
  const [protectedHeader, payload, encodedSignature] = parts as [string, string, string];
  const refuse = (fault: JsonFault, problem: string) =>
    toCheckName(fault) === 'json' ? fail('format') : createJwtError(code)(fault, problem);
  const header = parseJwtPart(protectedHeader, { refuse });
  const claims = parseJwtPart(payload, { refuse });
  if (header.alg !== alg || !isSignatureAlgorithm(alg)) throw fail('alg');
  // An extension that is not understood must not be passed over (RFC 7515 section 4.1.11).
  if (header.crit !== undefined || header.b64 !== undefined) throw fail('crit');
  const kid = header.kid ?? undefined;
  const signature = bytesOf(encodedSignature);
  const data = encodeUtf8(`${protectedHeader}.${payload}`);
  const verify = async ({ keys }: { readonly keys: readonly unknown[] }) => {
    const candidates = (keys as readonly JsonObject[]).filter(
      (jwk) => keyFits(jwk, alg) && (kid === undefined || kid === jwk.kid),
    );
    const [jwk] = candidates;
    // Two keys that fit are as bad as none: which one signed would be a guess.
    if (!jwk || candidates.length > 1) throw fail('kid');
    const key = await importVerificationKey(jwk, alg).catch(() => undefined);
    return (
      key !== undefined &&
      signature !== undefined &&
      verifySignature(alg, key, data, signature).catch(() => false)
    );
  };
  const valid = await verifyWithKeySet(client, verify, { sender });
  if (!valid) throw fail('signature');
  return { header, claims };
}

function bytesOf(part: string): Uint8Array | undefined {
  try {
    return fromBase64Url(part);
  } catch {
    return undefined;
  }
}
