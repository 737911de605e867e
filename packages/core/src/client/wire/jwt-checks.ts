import * as oauth from 'oauth4webapi';
import { ValidationError, type ValidationErrorCode } from '../../errors.ts';
import { getJsonBody } from '../../internal/http.ts';
import { isJsonObject } from '../../internal/json/json.ts';
import { parseJwtPart } from '../../internal/json/jwt-part.ts';
import { type JsonFault, toCheckName } from '../../internal/json/untrusted-json.ts';
import { getClientContext } from '../client-context.ts';
import type { Client } from '../create-client.ts';

interface JwtCheck {
  /** The code of the error. */
  readonly code: ValidationErrorCode;
  /** Accepts a repeated claim with equal values. */
  readonly equalRepeats?: boolean;
}

/**
 * Checks the JSON of a JWT before the protocol library parses it: the header and the payload of a JWS, the header of a
 * JWE. Everything else is left to the library. Decrypted content is checked before it is handed on.
 *
 * @see OpenID Connect Core section 10.2
 */
export function createJwtReader(client: Client, check: JwtCheck) {
  const { decrypt } = getClientContext(client).options;
  let opened: string | undefined;
  const open = async (jwe: string) => {
    opened = await decrypt?.(jwe);
    checkJwt(opened ?? '', check);
    return opened ?? '';
  };
  return {
    options: decrypt ? { [oauth.jweDecrypt]: open } : {},
    inner: (jwt: string) => opened ?? jwt,
    /** @throws ValidationError when a part exceeds a limit or repeats a member */
    check: (jwt: string) => checkJwt(jwt, check),
    /** Checks the `id_token` of a token response, if there is one. */
    checkIdToken(response: Response) {
      const body = getJsonBody(response);
      if (isJsonObject(body) && typeof body.id_token === 'string') checkJwt(body.id_token, check);
    },
  };
}

/**
 * @throws ValidationError when a part exceeds a limit, repeats a member (parsers disagree about which counts,
 *   RFC 7519 section 4) or is no JSON object
 */
export function checkJwt(jwt: string, { code, equalRepeats = false }: JwtCheck): void {
  const parts = jwt.split('.', 6);
  // A JWE has five parts, of which the first alone is JSON (RFC 7516 section 7.1).
  const json = parts.length === 5 ? parts.slice(0, 1) : parts.length === 3 ? parts.slice(0, 2) : [];
  const refuse = createJwtError(code);
  for (const part of json) parseJwtPart(part, { refuse, equalRepeats });
}

/** Creates the error for the JSON of a JWT. */
export const createJwtError = (code: ValidationErrorCode) => (fault: JsonFault, problem: string) =>
  new ValidationError(
    code,
    toCheckName(fault),
    `${code.replaceAll('_', ' ')}: the JSON of the JWT ${problem}.`,
  );

/**
 * True when the header of a JWS names a kind that is neither absent nor plain `JWT`, as access and logout tokens do:
 * such a token must not pass for another one that the provider signs with the same key (RFC 8725 section 3.11).
 */
export function hasOtherJwtType(jws: string): boolean {
  const [header = ''] = jws.split('.', 1);
  const { typ = 'JWT' } = parseJwtPart(header, { refuse: createJwtError('response_malformed') });
  return typeof typ !== 'string' || !/^(application\/)?jwt$/i.test(typ);
}
