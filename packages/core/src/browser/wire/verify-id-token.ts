import type { IdTokenClaims } from '../../client/wire/token-response.ts';
import { seconds } from '../../internal/clock.ts';
import { isDevelopment } from '../../internal/development.ts';
import { encodeUtf8, fromBase64Url } from '../../internal/encoding.ts';
import { type JsonObject, removeNullMembers } from '../../internal/json/json.ts';
import { parseJwtPart } from '../../internal/json/jwt-part.ts';
import { listAcceptedNames } from '../../internal/signatures/algorithm-names.ts';
import {
  checkIdTokenClaims,
  createIdTokenError,
  findInvalidTime,
  type IdTokenExpectations,
  isJwtType,
  requireAcceptedTenant,
  requireTokenIssuer,
} from '../../protocol/tokens/id-token-claims.ts';
import { normalizeVerificationClaims } from '../../protocol/tokens/verification-claims.ts';
import type { BrowserContext } from '../options.ts';
import { verifyWithProviderKeys } from './signature.ts';

/** Expected values of an ID token, beside issuer and client. */
export type ResponseExpectations = Omit<IdTokenExpectations, 'issuer' | 'tenants' | 'clientId'>;

/**
 * Validates an ID token with its signature. TLS alone does not prove who issued it.
 *
 * @throws ValidationError `id_token_invalid`
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
export async function validateIdToken(
  context: BrowserContext,
  idToken: string,
  expected: ResponseExpectations,
): Promise<IdTokenClaims> {
  const { issuer, tenants, clientId, clockTolerance, now, options } = context;
  const alg = options.idTokenSignedResponseAlg ?? 'RS256';
  const parts = idToken.split('.');
  const [protectedHeader = '', payload = '', encodedSignature = ''] = parts;
  const header = parse(protectedHeader);
  if (parts.length !== 3) throw createFormatError();
  // The registration of the client fixes the algorithm: the token cannot choose `none` or HMAC (RFC 8725 section 3.1).
  if (!listAcceptedNames<string>(alg).includes(String(header.alg)))
    throw createIdTokenError('alg', describeIdTokenAlgorithm(header.alg, alg));
  // No critical extension is supported (RFC 7515 section 4.1.11).
  if (header.crit !== undefined) throw createIdTokenError('crit', isDevelopment ? 'is not supported' : '');
  // An access or logout token is not an ID token (RFC 8725 section 3.11).
  if (!isJwtType(header.typ)) throw createIdTokenError('typ', isDevelopment ? 'is not "JWT"' : '');
  const signedText = encodeUtf8(`${protectedHeader}.${payload}`);
  const signature = decode(encodedSignature);
  // With tenants, the claims select the keys that may have signed the token.
  const tokenIssuer = tenants ? requireTokenIssuer(parse(payload), context) : issuer;
  const selection = { alg, kid: header.kid, issuer: tokenIssuer };
  if (!(await verifyWithProviderKeys(context, selection, signedText, signature))) {
    throw createIdTokenError('signature', isDevelopment ? 'is invalid' : '');
  }
  const claims = parse(payload);
  const clock = { time: seconds(now), clockTolerance };
  await checkIdTokenClaims(claims, { issuer, tenants, clientId, ...expected }, { alg, ...clock });
  const invalidTime = findInvalidTime(claims, { ...clock, maxAge: options.idTokenMaxAge });
  if (invalidTime) throw invalidTime;
  const wrongClaim = options.provider?.wrongClaim?.(claims as unknown as IdTokenClaims);
  if (wrongClaim !== undefined)
    throw createIdTokenError(wrongClaim, isDevelopment ? 'is rejected by the provider preset' : '');
  await requireAcceptedTenant(claims, context);
  return normalizeVerificationClaims(claims as unknown as IdTokenClaims);
}

function decode(part: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64Url(part);
  } catch {
    throw createFormatError();
  }
}

/** Limits and repeated members are checked before a claim is read (RFC 7519 section 4). `null` counts as absent. */
const parse = (part: string): JsonObject =>
  removeNullMembers(parseJwtPart(part, { createError: createFormatError }));

const createFormatError = () => createIdTokenError('format', isDevelopment ? 'is not a signed JWT' : '');

/** The algorithm comes from the token: its text is limited, and its control characters are escaped. */
const describeIdTokenAlgorithm = (actual: unknown, expected: string) =>
  isDevelopment
    ? `is ${JSON.stringify(actual)?.slice(0, 20)}, expected "${expected}". If the provider signs with this algorithm, set the option idTokenSignedResponseAlg to it`
    : '';
