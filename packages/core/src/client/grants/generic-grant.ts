import * as oauth from 'oauth4webapi';
import type { Client } from '../client.ts';
import { requestTokens, type TokenGrant } from '../token-endpoint.ts';

/** Requests tokens with any grant that the protocol library has no function for. */
export function requestGenericGrant(
  client: Client,
  grant: Pick<TokenGrant, 'scope' | 'resource' | 'tokenTypes'> & {
    readonly grantType: string;
    readonly parameters: URLSearchParams;
  },
): ReturnType<typeof requestTokens> {
  const recognizedTokenTypes = Object.fromEntries((grant.tokenTypes ?? []).map((name) => [name, () => {}]));
  return requestTokens(client, {
    ...grant,
    send: (request) =>
      oauth.genericTokenEndpointRequest(
        request.metadata,
        request.client,
        request.authenticate,
        grant.grantType,
        grant.parameters,
        request.options,
      ),
    process: ({ metadata, client, response, options }) =>
      oauth.processGenericTokenEndpointResponse(metadata, client, response, {
        ...options,
        recognizedTokenTypes,
      }),
  });
}
