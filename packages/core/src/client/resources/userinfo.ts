import * as oauth from 'oauth4webapi';
import { ValidationError } from '../../errors.ts';
import { parseJwtPart } from '../../internal/json/jwt-part.ts';
import { parseUntrustedObject, toCheckName, tokenLimits } from '../../internal/json/untrusted-json.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { traceOperation } from '../observability.ts';
import { discover } from '../wire/discovery.ts';
import { retryWithDpopNonce } from '../wire/dpop.ts';
import { checkJwt, createJwtError, hasOtherJwtType } from '../wire/jwt-checks.ts';
import { verifyWithKeys } from '../wire/provider-keys.ts';
import { createRequestOptions, toProtocolClient } from '../wire/request-options.ts';
import { translateError } from '../wire/translate-error.ts';

/** Claims about the user, wire names; aggregated and distributed claims (`_claim_sources`) are left as they are. */
export interface Userinfo {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/**
 * Asks the provider who the user is. What your registration says of signature and encryption must be so.
 *
 * @param expectedSub the `sub` of the ID token: claims of anybody else are refused
 * @throws ValidationError `userinfo_invalid`, for example when `sub` is another (`check` names it)
 * @throws AuthorizationServerError when the access token is refused
 * @see OpenID Connect Core section 5.3
 */
export async function fetchUserinfo(
  client: Client,
  accessToken: string,
  expectedSub: string,
): Promise<Userinfo> {
  return traceOperation(client, 'fetchUserinfo', async () => {
    const wire = toProtocolClient(client);
    try {
      const metadata = await discover(client);
      const { answer, jwt, body } = await retryWithDpopNonce(client, async (dpop) => {
        const sent = await oauth.userInfoRequest(metadata, wire, accessToken, {
          ...createRequestOptions(client),
          ...dpop,
        });
        const opened = await openUserinfo(client, sent);
        const jwt = isJwt(opened) ? await opened.clone().text() : undefined;
        if (jwt !== undefined) checkJwt(jwt, { code: 'userinfo_invalid' });
        const processed = await oauth.processUserInfoResponse(metadata, wire, expectedSub, opened);
        return { answer: opened, jwt, body: processed };
      });
      if (jwt !== undefined) {
        await verifyWithKeys(client, (as, keys) => oauth.validateApplicationLevelSignature(as, answer, keys));
        requireUserinfo(client, jwt, body);
      }
      return body as Userinfo;
    } catch (error) {
      throw translateError(error, { code: 'userinfo_invalid', check: 'userinfo_response' });
    }
  });
}

/**
 * The provider signs tokens of other kinds with the same keys: none of them is an answer about the user
 * (RFC 8725 sections 3.11 and 3.12). Who made it and for whom must be signed too, or another client's answer would do.
 *
 * @see OpenID Connect Core section 5.3.2
 */
function requireUserinfo(client: Client, jwt: string, claims: oauth.UserInfoResponse): void {
  if (hasOtherJwtType(jwt)) throw invalid('typ', 'is a token of another kind');
  // An ID token answers to a nonce, a logout token has events; where their type is not written they are known by these.
  for (const claim of ['nonce', 'events']) {
    if (claims[claim] !== undefined) throw invalid(claim, `is a token of another kind: it has ${claim}`);
  }
  if (getClientContext(client).options.allowUnaddressedUserinfo === true) return;
  for (const claim of ['iss', 'aud']) {
    if (claims[claim] === undefined) {
      throw invalid(
        claim,
        `is signed but has no ${claim}. If the provider cannot, set allowUnaddressedUserinfo`,
      );
    }
  }
}

/**
 * The answer as it would be without encryption. Encryption says nothing of who made it, so plain claims inside are
 * taken only where encryption without a signature was registered: then it is as good as a JSON answer, and as private
 * as it should be.
 *
 * @see OpenID Connect Core sections 5.3.2 and 16.14
 */
async function openUserinfo(client: Client, response: Response): Promise<Response> {
  const { decrypt, userinfoEncryptedResponseAlg, userinfoSignedResponseAlg } =
    getClientContext(client).options;
  if (response.status !== 200) return response;
  const jwe = isJwt(response) ? await response.clone().text() : '';
  if (jwe.split('.').length !== 5) {
    // Sent in the open although it was registered to be encrypted: a downgrade.
    if (userinfoEncryptedResponseAlg)
      throw invalid('encryption', 'is not encrypted, as it is registered to be');
    return response;
  }
  if (!decrypt) throw invalid('encryption', 'is encrypted, and no decrypt option opens it');
  const refuse = createJwtError('userinfo_invalid');
  const { alg } = parseJwtPart(jwe.slice(0, jwe.indexOf('.')), { refuse });
  if (userinfoEncryptedResponseAlg && alg !== userinfoEncryptedResponseAlg) {
    throw invalid('alg', 'is encrypted with another algorithm than the registered one');
  }
  const text = await decrypt(jwe);
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(text)) {
    return new Response(text, { headers: { 'content-type': 'application/jwt' } });
  }
  if (!userinfoEncryptedResponseAlg || userinfoSignedResponseAlg) {
    throw invalid(
      'signature',
      'is encrypted but not signed. Where that is what you registered, set userinfoEncryptedResponseAlg alone',
    );
  }
  parseUntrustedObject(text, {
    limits: tokenLimits,
    refuse: (fault, problem) => invalid(toCheckName(fault), `holds JSON that ${problem}`),
  });
  return new Response(text, { headers: { 'content-type': 'application/json' } });
}

const isJwt = (response: Response) =>
  response.headers.get('content-type')?.split(';')[0] === 'application/jwt';

function invalid(check: string, what: string): ValidationError {
  return new ValidationError('userinfo_invalid', check, `userinfo invalid: the response ${what}.`);
}
