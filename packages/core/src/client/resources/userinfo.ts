import * as oauth from 'oauth4webapi';
import { AuthorizationServerError, ValidationError } from '../../errors.ts';
import { getJsonBody, setJsonBody } from '../../internal/fetch/bounded-fetch.ts';
import { isJsonObject, removeNullMembers } from '../../internal/json/json.ts';
import { parseJwtPart } from '../../internal/json/jwt-part.ts';
import { parseUntrustedObject, toCheckName, tokenLimits } from '../../internal/json/untrusted-json.ts';
import { describeResponse, findTokenError } from '../../protocol/tokens/refresh-rejection.ts';
import { normalizeVerificationClaims } from '../../protocol/tokens/verification-claims.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { traceOperation } from '../observability.ts';
import { discover } from '../wire/discovery.ts';
import { retryWithDpopNonce } from '../wire/dpop.ts';
import { createJwtError, hasOtherJwtType } from '../wire/jwt/jwt-checks.ts';
import { createJwtReader } from '../wire/jwt/jwt-reader.ts';
import { verifyWithKeys } from '../wire/jwt/provider-keys.ts';
import { createRequestOptions, toProtocolClient } from '../wire/request-options.ts';
import { checkTokenArgument } from '../wire/token-argument.ts';
import { translateError } from '../wire/translate-error.ts';

/** Claims about the user. Aggregated and distributed claims (`_claim_sources`) are returned unchanged. */
export interface Userinfo {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/**
 * Fetches the claims about the user. The response must be signed and encrypted as the client options require.
 *
 * @param accessToken an access token of the user
 * @param expectedSub the `sub` of the ID token. Claims about another user are rejected.
 * @throws ConfigurationError `invalid_option` if the access token is not a string, for example a result of `getAccessToken()`
 * @throws AuthorizationServerError `endpoint_error` if the provider rejects the access token
 * @throws ValidationError `userinfo_invalid`, for example if `sub` differs. `check` contains the failed check.
 * @throws TransportError if the provider cannot be reached or is temporarily unavailable
 * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfo
 * @example
 * ```ts
 * import { type Client, fetchUserinfo, type TokenResponse } from '@countersign/core';
 *
 * async function getEmail(client: Client, { accessToken, claims }: TokenResponse): Promise<unknown> {
 *   const { email } = await fetchUserinfo(client, accessToken, claims?.sub ?? '');
 *   return email;
 * }
 * ```
 */
export async function fetchUserinfo(
  client: Client,
  accessToken: string,
  expectedSub: string,
): Promise<Userinfo> {
  return traceOperation(client, 'fetchUserinfo', async () => {
    checkTokenArgument('The access token of fetchUserinfo()', accessToken);
    const protocolClient = toProtocolClient(client);
    const jwtReader = createJwtReader(client, { code: 'userinfo_invalid' });
    try {
      const metadata = await discover(client);
      const { response, jwt, body } = await retryWithDpopNonce(client, async (dpop) => {
        const userinfoResponse = await oauth.userInfoRequest(metadata, protocolClient, accessToken, {
          ...createRequestOptions(client),
          ...dpop,
        });
        requireSuccess(userinfoResponse);
        const decryptedResponse = await decryptUserinfo(client, userinfoResponse);
        const jwt = isJwt(decryptedResponse) ? await decryptedResponse.clone().text() : undefined;
        const response =
          jwt === undefined
            ? decryptedResponse
            : createJwtResponse(decryptedResponse, jwtReader.prepare(jwt));
        const body = await oauth.processUserInfoResponse(metadata, protocolClient, expectedSub, response);
        return { response, jwt, body };
      });
      if (jwt !== undefined) {
        const { userinfoSignedResponseAlg: alg = 'RS256' } = getClientContext(client).options;
        await jwtReader.verifyJwt(jwt, alg, () =>
          verifyWithKeys(client, (as, keys) => oauth.validateApplicationLevelSignature(as, response, keys)),
        );
        requireUserinfo(client, jwt, body);
      }
      const claims = jwt === undefined ? body : jwtReader.getClaims();
      return normalizeVerificationClaims(removeNullMembers(claims ?? body) as Userinfo);
    } catch (error) {
      throw translateError(error, { code: 'userinfo_invalid', check: 'userinfo_response' });
    }
  });
}

/**
 * Rejects an error response with its status, even if its challenge is missing or malformed.
 *
 * @throws AuthorizationServerError `endpoint_error`. A request for a DPoP nonce is left to the protocol library.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfoError
 */
function requireSuccess(response: Response): void {
  const { status, headers } = response;
  const challenge = headers.get('www-authenticate');
  if (status < 400 || (challenge !== null && /use_dpop_nonce/.test(challenge))) return;
  const json = getJsonBody(response);
  const details = findTokenError(status, isJsonObject(json) ? json : undefined, challenge);
  const error = details?.error || (status === 401 ? 'invalid_token' : '');
  throw new AuthorizationServerError(
    'endpoint_error',
    `The userinfo endpoint responded with ${describeResponse({ status, error })}.`,
    { error, errorDescription: details?.errorDescription, status },
  );
}

const createJwtResponse = (response: Response, jwt: string) =>
  new Response(jwt, { status: response.status, headers: { 'content-type': 'application/jwt' } });

/**
 * Rejects tokens of another type that the provider signs with the same keys (RFC 8725 sections 3.11 and 3.12). `iss` and
 * `aud` are required, because without them a response for another client would be accepted.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse
 */
function requireUserinfo(client: Client, jwt: string, claims: oauth.UserInfoResponse): void {
  if (hasOtherJwtType(jwt)) throw invalid('typ', 'is a token of another type');
  // An ID token has a nonce, a logout token has events. These claims identify them if their type is absent.
  for (const claim of ['nonce', 'events']) {
    if (claims[claim] !== undefined) throw invalid(claim, `is a token of another type: it has "${claim}"`);
  }
  if (getClientContext(client).options.allowUnaddressedUserinfo === true) return;
  for (const claim of ['iss', 'aud']) {
    if (claims[claim] === undefined) {
      throw invalid(
        claim,
        `is signed but has no "${claim}". If the provider never sends it, set allowUnaddressedUserinfo`,
      );
    }
  }
}

/**
 * Decrypts the response, if it is encrypted. Encryption does not prove the origin of the claims, so encrypted claims
 * without a signature are accepted only if this combination is registered. They are then as trusted as a JSON response.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse
 * @see https://openid.net/specs/openid-connect-core-1_0.html#SigningOrder
 */
async function decryptUserinfo(client: Client, response: Response): Promise<Response> {
  const { decrypt, userinfoEncryptedResponseAlg, userinfoSignedResponseAlg } =
    getClientContext(client).options;
  if (response.status !== 200) return response;
  const jwe = isJwt(response) ? await response.clone().text() : '';
  if (jwe.split('.').length !== 5) {
    // A plain response is a downgrade, if encrypted responses are registered.
    if (userinfoEncryptedResponseAlg) {
      throw invalid('encryption', 'is not encrypted, although userinfoEncryptedResponseAlg is set');
    }
    return response;
  }
  if (!decrypt) throw invalid('encryption', 'is encrypted. Set the option decrypt');
  const createError = createJwtError('userinfo_invalid');
  const { alg } = parseJwtPart(jwe.slice(0, jwe.indexOf('.')), { createError });
  if (userinfoEncryptedResponseAlg && alg !== userinfoEncryptedResponseAlg) {
    throw invalid('alg', `is not encrypted with ${userinfoEncryptedResponseAlg}`);
  }
  const text = await decrypt(jwe);
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(text)) {
    return new Response(text, { headers: { 'content-type': 'application/jwt' } });
  }
  if (!userinfoEncryptedResponseAlg || userinfoSignedResponseAlg) {
    throw invalid(
      'signature',
      'is encrypted but not signed. If it is registered so, set userinfoEncryptedResponseAlg and no userinfoSignedResponseAlg',
    );
  }
  const claims = parseUntrustedObject(text, {
    limits: tokenLimits,
    createError: (fault, problem) => invalid(toCheckName(fault), `contains JSON that ${problem}`),
  });
  return setJsonBody(new Response(null, { headers: { 'content-type': 'application/json' } }), claims);
}

const isJwt = (response: Response) =>
  response.headers.get('content-type')?.split(';')[0] === 'application/jwt';

function invalid(check: string, problem: string): ValidationError {
  return new ValidationError('userinfo_invalid', check, `The userinfo response ${problem}.`);
}
