import * as oauth from 'oauth4webapi';
import {
  createTokenRequestOptions,
  emitEvent,
  getClientContext,
  toProtocolClient,
} from '../client-context.ts';
import type { Client } from '../create-client.ts';
import type { AuthorizationTransaction } from '../login/authorization-request.ts';
import type { AuthorizationResponse } from '../login/authorization-response.ts';
import { traceOperation } from '../tracing/trace-operations.ts';
import { discover } from '../wire/discovery.ts';
import { retryWithDpopNonce } from '../wire/dpop.ts';
import { validateIdTokenClaims, verifyIdTokenSignature } from '../wire/id-token.ts';
import { createJwtReader } from '../wire/jwt-checks.ts';
import { type TokenResponse, tokenResponseOf, translateTokenError } from '../wire/token-response.ts';

/**
 * Exchanges the code for tokens and validates all of them. Nothing is returned unless everything is valid.
 *
 * @throws AuthorizationServerError `token_error` when the provider refuses the code
 * @throws ValidationError when an ID token, access token or the answer is not what it must be
 * @throws TransportError when the provider cannot be reached; a code can be tried once only, so start a new login
 * @see RFC 6749 section 4.1.3, RFC 7636 section 4.5, OpenID Connect Core section 3.1.3
 */
export async function exchangeCode(
  client: Client,
  response: AuthorizationResponse,
  transaction: AuthorizationTransaction,
): Promise<TokenResponse> {
  return traceOperation(client, 'exchangeCode', async () => {
    const { authentication } = getClientContext(client);
    const wire = toProtocolClient(client);
    const resource = transaction.resource?.[0];
    try {
      const metadata = await discover(client);
      const opened = createJwtReader(client, { code: 'id_token_invalid' });
      const { answer, body } = await retryWithDpopNonce(client, async (dpop) => {
        const sent = await oauth.authorizationCodeGrantRequest(
          metadata,
          wire,
          authentication.apply,
          response.parameters,
          transaction.redirectUri,
          transaction.codeVerifier,
          {
            ...createTokenRequestOptions(client),
            ...dpop,
            ...(resource !== undefined && { additionalParameters: { resource } }),
          },
        );
        opened.checkIdToken(sent);
        const processed = await oauth.processAuthorizationCodeResponse(metadata, wire, sent, {
          expectedNonce: transaction.nonce ?? oauth.expectNoNonce,
          requireIdToken: transaction.nonce !== undefined,
          ...(transaction.maxAge !== undefined && { maxAge: transaction.maxAge }),
          ...opened.options,
        });
        return { answer: sent, body: processed };
      });
      if (body.id_token !== undefined) await verifyIdTokenSignature(client, answer);
      const tokens = await tokenResponseOf(client, body, { scope: transaction.scope, resource });
      if (tokens.idToken !== undefined && tokens.claims) {
        await validateIdTokenClaims(client, opened.inner(tokens.idToken), tokens.claims, {
          acrValues: transaction.acrValues,
          accessToken: tokens.accessToken,
          code: response.parameters.get('code') ?? undefined,
        });
      }
      const sub = tokens.claims?.sub;
      emitEvent(client, {
        type: 'login.succeeded',
        issuer: client.issuer,
        clientId: client.clientId,
        ...(sub !== undefined && { sub }),
      });
      return tokens;
    } catch (error) {
      const translated = translateTokenError(error);
      emitEvent(client, {
        type: 'login.failed',
        issuer: client.issuer,
        clientId: client.clientId,
        code: codeOf(translated),
      });
      throw translated;
    }
  });
}

const codeOf = (error: Error) => String((error as { code?: unknown }).code);
