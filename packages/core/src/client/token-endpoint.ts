import * as oauth from 'oauth4webapi';
import { createTokenRequestOptions, getClientContext, toProtocolClient } from './client-context.ts';
import type { Client } from './create-client.ts';
import { discover } from './wire/discovery.ts';
import { retryWithDpopNonce } from './wire/dpop.ts';
import { validateIdTokenClaims, verifyIdTokenSignature } from './wire/id-token.ts';
import { createJwtReader } from './wire/jwt-checks.ts';
import { type TokenResponse, tokenResponseOf, translateTokenError } from './wire/token-response.ts';

/** What a grant asks for. */
export interface GrantParameters {
  readonly grantType: string;
  readonly parameters: URLSearchParams;
  /** Reported when the answer names no scope. */
  readonly scope: string;
  readonly resource?: string | undefined;
  /** Token types of the answer beside Bearer and DPoP, in lower case. */
  readonly tokenTypes?: readonly string[];
}

/** A request to the token endpoint of a grant that is neither a code nor a refresh token; an ID token is validated. */
export async function requestGrant(
  client: Client,
  grant: GrantParameters,
): Promise<{ readonly tokens: TokenResponse; readonly body: oauth.TokenEndpointResponse }> {
  const { authentication } = getClientContext(client);
  const wire = toProtocolClient(client);
  try {
    const metadata = await discover(client);
    const opened = createJwtReader(client, { code: 'id_token_invalid' });
    const { answer, body } = await retryWithDpopNonce(client, async (dpop) => {
      const sent = await oauth.genericTokenEndpointRequest(
        metadata,
        wire,
        authentication.apply,
        grant.grantType,
        grant.parameters,
        { ...createTokenRequestOptions(client), ...dpop },
      );
      opened.checkIdToken(sent);
      const processed = await oauth.processGenericTokenEndpointResponse(metadata, wire, sent, {
        ...opened.options,
        recognizedTokenTypes: Object.fromEntries((grant.tokenTypes ?? []).map((name) => [name, () => {}])),
      });
      return { answer: sent, body: processed };
    });
    if (body.id_token !== undefined) await verifyIdTokenSignature(client, answer);
    const { scope, resource, tokenTypes } = grant;
    const tokens = await tokenResponseOf(client, body, {
      scope,
      resource,
      ...(tokenTypes && { tokenTypes }),
    });
    if (tokens.idToken !== undefined && tokens.claims) {
      const { accessToken } = tokens;
      await validateIdTokenClaims(client, opened.inner(tokens.idToken), tokens.claims, { accessToken });
    }
    return { tokens, body };
  } catch (error) {
    throw translateTokenError(error);
  }
}

/** Parameters of a request, with those that are `undefined` left out and lists repeated. */
export function toSearchParams(
  entries: Readonly<Record<string, string | readonly string[] | undefined>>,
): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(entries)) {
    for (const each of [value].flat()) if (each !== undefined) parameters.append(name, each);
  }
  return parameters;
}
