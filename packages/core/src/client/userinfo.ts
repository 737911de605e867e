import * as oauth from 'oauth4webapi';
import { contextOf, requestOptions, wireClient } from './context.ts';
import type { Client } from './create-client.ts';
import { discover } from './discovery.ts';
import { withDpopNonce } from './dpop.ts';
import { withKeys } from './keys.ts';
import { traced } from './trace-operations.ts';
import { translate } from './translate-error.ts';

/** Claims about the user, wire names; aggregated and distributed claims (`_claim_sources`) are left as they are. */
export interface Userinfo {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/**
 * Asks the provider who the user is.
 *
 * @param expectedSub the `sub` of the ID token: claims of anybody else are refused
 * @throws ValidationError `userinfo_invalid`, for example when `sub` is another
 * @throws AuthorizationServerError when the access token is refused
 * @see OpenID Connect Core section 5.3
 */
export async function fetchUserinfo(
  client: Client,
  accessToken: string,
  expectedSub: string,
): Promise<Userinfo> {
  return traced(client, 'fetchUserinfo', async () => {
    const { options } = contextOf(client);
    const wire = wireClient(client);
    try {
      const metadata = await discover(client);
      const { answer, body } = await withDpopNonce(client, async (dpop) => {
        const sent = await oauth.userInfoRequest(metadata, wire, accessToken, {
          ...requestOptions(client),
          ...dpop,
        });
        const processed = await oauth.processUserInfoResponse(metadata, wire, expectedSub, sent, {
          ...(options.decrypt && { [oauth.jweDecrypt]: options.decrypt }),
        });
        return { answer: sent, body: processed };
      });
      if (answer.headers.get('content-type')?.startsWith('application/jwt')) {
        await withKeys(client, (as, keys) => oauth.validateApplicationLevelSignature(as, answer, keys));
      }
      return body as Userinfo;
    } catch (error) {
      throw translate(error, { code: 'userinfo_invalid', check: 'userinfo_response' });
    }
  });
}
