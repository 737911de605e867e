import { ConfigurationError } from '../../../errors.ts';
import type { JsonObject } from '../../../internal/json/json.ts';
import { parseUntrustedObject, tokenLimits } from '../../../internal/json/untrusted-json.ts';
import { type AppleKey, checkAppleKey, createAppleSecret } from '../../apple-secret.ts';
import type { ProviderPreset } from '../../provider.ts';

export type { AppleKey } from '../../apple-secret.ts';

/** Options of {@link apple}. */
export interface AppleOptions {
  /**
   * The key of the developer account. A client secret is created with it for each request. Default: none, so the application
   * sets a client secret that it has created, for at most six months.
   */
  readonly key?: AppleKey | undefined;
  /** Seconds for which a created client secret is valid. Default: 300. Maximum: 15,777,000 (six months). */
  readonly secretLifetime?: number | undefined;
}

/** @see https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret */
const maxSecretLifetime = 15_777_000;

const issuer = 'https://appleid.apple.com';

/**
 * Creates the preset of Sign in with Apple. The authorization response is a form, which Apple requires for the scopes `name` and
 * `email`. Only the first login of a user contains the name: the `user` of that session has it, so store it then. Outside
 * sessions, `readAppleUser()` reads it. There is no userinfo and no logout page; a logout revokes the refresh token.
 *
 * @throws ConfigurationError `invalid_option` if the key or the lifetime is invalid
 * @see https://developer.apple.com/documentation/signinwithapplerestapi
 * @example
 * ```ts
 * import { createClient } from '@countersign/core';
 * import { apple } from '@countersign/core/providers';
 *
 * const client = createClient({
 *   provider: apple({
 *     key: { teamId: 'A1B2C3D4E5', keyId: 'F6G7H8I9J0', privateKey: process.env.APPLE_PRIVATE_KEY ?? '' },
 *   }),
 *   clientId: 'com.example.web',
 *   redirectUri: 'https://app.example.com/auth/callback',
 * });
 * ```
 */
export function apple({ key, secretLifetime = 300 }: AppleOptions = {}): ProviderPreset {
  if (!(secretLifetime >= 60 && secretLifetime <= maxSecretLifetime)) {
    throw new ConfigurationError(
      'invalid_option',
      `apple(): "secretLifetime" is ${secretLifetime}, expected 60 to ${maxSecretLifetime} seconds.`,
    );
  }
  if (key) checkAppleKey(key);
  return {
    name: 'apple',
    issuer,
    relaxes: [
      'OpenID Connect Core section 5.6: `name`, `given_name` and `family_name` of a session are from a field of the authorization response, which is not signed. The user can change them',
    ],
    serverOnly: true,
    // Not `profile`: https://developer.apple.com/documentation/signinwithapplerestapi/request-an-authorization-to-the-sign-in-with-apple-server.
    scope: 'openid name email',
    responseMode: 'form_post',
    // Issued for each code: https://developer.apple.com/documentation/signinwithapplerestapi/generate-and-validate-tokens
    refreshTokens: {},
    tokenEndpointAuthMethod: 'client_secret_post',
    ...(key && {
      createClientSecret: ({ clientId, now }) =>
        createAppleSecret(key, { issuer, clientId, now, lifetime: secretLifetime }),
    }),
    readAuthorizationResponse: readAppleUser,
  };
}

/**
 * Reads the name in the first authorization response of a user, as claims. It comes through the browser and is not signed: the
 * user can change it. The e-mail address beside it is not returned: that of the ID token is signed.
 *
 * @param parameters those of `validateAuthorizationResponse()`
 * @returns `name`, `given_name` and `family_name`; an empty object without a name
 * @see https://developer.apple.com/documentation/signinwithapplerestapi/request-an-authorization-to-the-sign-in-with-apple-server.
 * @example
 * ```ts
 * import type { AuthorizationResponse } from '@countersign/core';
 * import { readAppleUser } from '@countersign/core/providers';
 *
 * const readName = ({ parameters }: AuthorizationResponse) => readAppleUser(parameters).name;
 * ```
 */
export function readAppleUser(parameters: URLSearchParams): Readonly<JsonObject> {
  const { firstName, lastName } = readNames(parameters.get('user') ?? '');
  const names = [firstName, lastName].filter((name) => name !== undefined);
  return {
    ...(names.length > 0 && { name: names.join(' ') }),
    ...(firstName !== undefined && { given_name: firstName }),
    ...(lastName !== undefined && { family_name: lastName }),
  };
}

/** A malformed field has no name: it must not stop the login. */
function readNames(text: string): { readonly firstName?: string; readonly lastName?: string } {
  try {
    const { name } = parseUntrustedObject(text, { limits: tokenLimits });
    const { firstName, lastName } = (name ?? {}) as JsonObject;
    return { ...(isName(firstName) && { firstName }), ...(isName(lastName) && { lastName }) };
  } catch {
    return {};
  }
}

const isName = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= 200;
