import * as oauth from 'oauth4webapi';
import { TransportError } from '../../errors.ts';
import { requireSameLogin } from '../../protocol/same-login.ts';
import {
  createTokenRequestOptions,
  emitEvent,
  getClientContext,
  toProtocolClient,
} from '../client-context.ts';
import type { Client } from '../create-client.ts';
import { traceOperation } from '../tracing/trace-operations.ts';
import { discover } from '../wire/discovery.ts';
import { retryWithDpopNonce } from '../wire/dpop.ts';
import { isTimely, validateIdTokenClaims, verifyIdTokenSignature } from '../wire/id-token.ts';
import { createJwtReader } from '../wire/jwt-checks.ts';
import {
  type IdTokenClaims,
  type TokenResponse,
  tokenResponseOf,
  translateTokenError,
} from '../wire/token-response.ts';

/** What a refresh asks for, and what its answer is held against. */
export interface RefreshRequest {
  /** The API that the new access token is for (RFC 8707). Default: the provider decides. */
  readonly resource?: string | undefined;
  /** A narrower scope, space-separated. Default: as granted. */
  readonly scope?: string | undefined;
  /** The claims of the ID token kept so far: a new ID token must be of the same login. */
  readonly claims?: IdTokenClaims | undefined;
  /** The scopes granted at login, reported when the response has no `scope`. */
  readonly grantedScopes?: readonly string[] | undefined;
}

/**
 * One refresh request. It is never repeated blindly: a rotated refresh token that was received once is spent.
 * Most callers want a {@link RefreshCoordinator}, which makes this call once for everybody who waits.
 *
 * @throws AuthorizationServerError `token_error`; only `invalid_grant` means that the refresh token is of no more use
 * @throws ValidationError when the answer is not what it must be
 * @throws TransportError when the provider cannot be reached or is not well
 * @see RFC 6749 section 6, OpenID Connect Core section 12
 */
export async function refreshTokens(
  client: Client,
  refreshToken: string,
  request: RefreshRequest = {},
): Promise<TokenResponse> {
  return traceOperation(client, 'refreshTokens', async () => {
    const { authentication, scope } = getClientContext(client);
    const wire = toProtocolClient(client);
    const { issuer, clientId } = client;
    emitEvent(client, {
      type: 'refresh.started',
      issuer,
      clientId,
      ...(request.resource !== undefined && { resource: request.resource }),
    });
    try {
      const metadata = await discover(client);
      const additionalParameters = {
        ...(request.resource !== undefined && { resource: request.resource }),
        ...(request.scope !== undefined && { scope: request.scope }),
      };
      const opened = createJwtReader(client, { code: 'id_token_invalid' });
      const { answer, body } = await retryWithDpopNonce(client, async (dpop) => {
        const sent = await oauth.refreshTokenGrantRequest(
          metadata,
          wire,
          authentication.apply,
          refreshToken,
          {
            ...createTokenRequestOptions(client),
            ...dpop,
            additionalParameters,
          },
        );
        opened.checkIdToken(sent);
        const processed = await oauth.processRefreshTokenResponse(metadata, timeless(wire), sent, {
          ...opened.options,
        });
        return { answer: sent, body: processed };
      });
      const verified = body.id_token === undefined || (await isSignatureVerified(client, answer));
      const tokens = await tokenResponseOf(client, body, {
        scope: request.scope ?? request.grantedScopes?.join(' ') ?? scope,
        resource: request.resource,
        sub: request.claims?.sub,
      });
      if (tokens.idToken !== undefined && tokens.claims) {
        await validateIdTokenClaims(client, opened.inner(tokens.idToken), tokens.claims, {
          accessToken: tokens.accessToken,
          ignoreTimes: true,
        });
        if (request.claims) requireSameLogin(tokens.claims, request.claims);
      }
      emitEvent(client, {
        type: 'refresh.succeeded',
        issuer,
        clientId,
        rotated: tokens.refreshToken !== undefined,
      });
      return verified && (!tokens.claims || isTimely(client, tokens.claims))
        ? tokens
        : withoutIdToken(tokens);
    } catch (error) {
      const translated = translateTokenError(error);
      emitEvent(client, {
        type: 'refresh.failed',
        issuer,
        clientId,
        code: String((translated as { code?: unknown }).code),
      });
      throw translated;
    }
  });
}

/**
 * The refresh token is spent when its answer arrives. Were the answer refused because this machine's clock is wrong, the
 * session would be lost: so the times of the ID token are looked at last, and decide about the ID token alone.
 */
const timeless = (wire: oauth.Client): oauth.Client => ({ ...wire, [oauth.clockTolerance]: 3_155_760_000 });

/**
 * False when the keys cannot be had now, or not the right one: the ID token is then left out. A wrong signature is refused.
 *
 * @throws whatever the verification throws otherwise
 */
async function isSignatureVerified(client: Client, answer: Response): Promise<boolean> {
  try {
    await verifyIdTokenSignature(client, answer);
    return true;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (error instanceof TransportError || code === 'keys_invalid' || code === oauth.KEY_SELECTION)
      return false;
    throw error;
  }
}

/** The one of before is kept then: a refresh need not bring a new one (OpenID Connect Core section 12.2). */
function withoutIdToken({ idToken: _, claims: __, ...rest }: TokenResponse): TokenResponse {
  return rest;
}
