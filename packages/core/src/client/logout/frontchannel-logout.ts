import { ValidationError } from '../../errors.ts';
import type { Client } from '../client.ts';

/** The session that ends; without `sid`, the one of the browser that asks. */
export interface FrontchannelLogout {
  readonly sid?: string;
}

/**
 * Validates the request that the provider makes in an iframe of the user's browser. Anybody can make such a request:
 * with `sid`, end that session only; end none that is of another `sid`.
 *
 * @throws ValidationError `request_invalid` when it is of another issuer or half of the parameters is missing
 * @see OpenID Connect Front-Channel Logout section 2
 */
export function validateFrontchannelLogout(
  client: Client,
  request: URL | URLSearchParams,
): FrontchannelLogout {
  const parameters = request instanceof URL ? request.searchParams : request;
  const [iss, sid] = [parameters.getAll('iss'), parameters.getAll('sid')];
  // Either may be sent, then both are (section 2).
  if (iss.length !== sid.length || iss.length > 1) throw invalid('sid');
  if (iss[0] !== undefined && iss[0] !== client.issuer) throw invalid('iss');
  return sid[0] === undefined ? {} : { sid: sid[0] };
}

const invalid = (check: string) =>
  new ValidationError('request_invalid', check, `front-channel logout: ${check} is not what it must be`);
