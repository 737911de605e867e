import * as oauth from 'oauth4webapi';
import { ConfigurationError } from '../../errors.ts';
import { chooseAlgorithmName } from './signing-key.ts';

/** Options of `clientSecretJwt()` and `privateKeyJwt()`. */
export interface ClientAssertionOptions {
  /**
   * The `aud` of assertions: the issuer identifier, or the URL of the token endpoint, which some providers require.
   * Default: `issuer`, as FAPI 2.0 requires.
   *
   * @see https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication
   * @see https://www.rfc-editor.org/rfc/rfc7523#section-3
   */
  readonly audience?: 'issuer' | 'token_endpoint' | undefined;
}

/** @throws ConfigurationError `invalid_option` */
export function checkAssertionAudience(name: string, { audience }: ClientAssertionOptions): void {
  if (audience === undefined || audience === 'issuer' || audience === 'token_endpoint') return;
  throw new ConfigurationError(
    'invalid_option',
    `${name}: "audience" is ${JSON.stringify(audience)}, expected "issuer" or "token_endpoint".`,
  );
}

/** Sets what the protocol library does not choose: the audience, and the name of the algorithm. */
export const createModification = (
  {
    token_endpoint: endpoint,
    token_endpoint_auth_signing_alg_values_supported: supportedNames,
  }: oauth.AuthorizationServer,
  { audience }: ClientAssertionOptions,
): oauth.ModifyAssertionOptions => ({
  [oauth.modifyAssertion]: (header, claims) => {
    if (audience === 'token_endpoint' && endpoint !== undefined) claims.aud = endpoint;
    chooseAlgorithmName(header, supportedNames);
  },
});
