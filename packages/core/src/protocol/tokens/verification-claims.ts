/** Claims that are Booleans, but that some providers send as a text. The text `false` would count as true. */
const verificationClaims = ['email_verified', 'phone_number_verified', 'is_private_email'];

/**
 * Converts the texts `true` and `false` of verification claims to Booleans. Apple sends them.
 *
 * @see https://developer.apple.com/documentation/signinwithapple/authenticating-users-with-sign-in-with-apple
 * @see https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims
 */
export function normalizeVerificationClaims<Claims extends { readonly [claim: string]: unknown }>(
  claims: Claims,
): Claims {
  const texts = verificationClaims.filter((name) => claims[name] === 'true' || claims[name] === 'false');
  if (texts.length === 0) return claims;
  return { ...claims, ...Object.fromEntries(texts.map((name) => [name, claims[name] === 'true'])) };
}
