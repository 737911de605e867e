import { createLocalJWKSet, jwtVerify } from 'jose';
import { OAuthError } from '../errors.ts';
import { createRandomId, type Grant } from '../state.ts';
import { createTokenResponse, selectResource } from '../wire/token-response.ts';
import type { GrantHandler } from './grant-handler.ts';

/**
 * Accepts an assertion that is signed with a registered key of the client.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7523#section-2.1
 */
export const jwtBearerGrant: GrantHandler = async (state, request) => {
  const { body, client } = request;
  let sub: string | undefined;
  try {
    const keys = createLocalJWKSet({ keys: [...(client.jwks?.keys ?? [])] });
    const { payload } = await jwtVerify(body.get('assertion') ?? '', keys, {
      audience: state.issuer,
      requiredClaims: ['sub', 'exp', 'iss'],
      currentDate: new Date(state.clock.now()),
    });
    sub = payload.sub;
  } catch {
    throw new OAuthError('invalid_grant', 'the assertion is not valid');
  }
  const scope = body.get('scope') ?? '';
  const grant: Grant = {
    id: createRandomId(),
    clientId: client.clientId,
    sub,
    sid: undefined,
    scope,
    resources: [],
    isEnded: false,
  };
  state.grants.push(grant);
  return createTokenResponse(state, grant, request, {
    scope,
    resource: selectResource(state, grant, body),
    idToken: 'none',
  });
};
