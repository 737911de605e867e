import { ValidationError } from '../../errors.ts';
import type { Client } from '../client.ts';

/** A login that somebody else has asked for. */
export interface ThirdPartyLogin {
  readonly loginHint?: string;
  /** Where the user wants to go afterwards. Hold it against your own origin before you send anybody there. */
  readonly targetLinkUri?: URL;
}

/**
 * Reads a request to the `initiate_login_uri`: start a login with {@link createAuthorizationRequest} then.
 * Anybody can send a user here, so it must do nothing but start a login at the configured provider.
 *
 * @throws ValidationError `request_invalid` when it names another issuer, or a parameter is repeated or malformed
 * @see OpenID Connect Core section 4
 */
export function parseThirdPartyLogin(client: Client, request: URL | URLSearchParams): ThirdPartyLogin {
  const parameters = request instanceof URL ? request.searchParams : request;
  for (const name of ['iss', 'login_hint', 'target_link_uri']) {
    if (parameters.getAll(name).length > 1) throw invalid(name);
  }
  // Only the configured provider: otherwise a link would choose who logs the user in.
  if (parameters.get('iss') !== client.issuer) throw invalid('iss');
  const loginHint = parameters.get('login_hint');
  const target = parameters.get('target_link_uri');
  if (target !== null && !(URL.canParse(target) && /^https?:$/.test(new URL(target).protocol))) {
    throw invalid('target_link_uri');
  }
  return {
    ...(loginHint !== null && { loginHint }),
    ...(target !== null && { targetLinkUri: new URL(target) }),
  };
}

const invalid = (check: string) =>
  new ValidationError('request_invalid', check, `third-party login: ${check} is not what it must be`);
