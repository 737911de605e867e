import * as oauth from 'oauth4webapi';
import { AuthError, TransportError, ValidationError } from '../errors.ts';
import { seconds } from '../internal/clock.ts';
import { parseScopes } from '../protocol/scopes.ts';
import type { Client } from './client.ts';
import { getClientContext } from './client-context.ts';
import type { AuthorizationServerMetadata } from './client-options.ts';
import { discover } from './wire/discovery.ts';
import { retryWithDpopNonce } from './wire/dpop.ts';
import { createJwtReader } from './wire/jwt-checks.ts';
import { createTokenRequestOptions, toProtocolClient } from './wire/request-options.ts';
import type { IdTokenClaims, TokenResponse } from './wire/token-response.ts';
import { translateError } from './wire/translate-error.ts';
import { isTimely, validateIdTokenClaims, verifyIdTokenSignature } from './wire/verify-id-token.ts';

/** The arguments that each request function of the protocol library takes. */
interface ProtocolArguments {
  readonly metadata: AuthorizationServerMetadata;
  readonly client: oauth.Client;
  readonly authenticate: oauth.ClientAuth;
  readonly options: ReturnType<typeof createTokenRequestOptions> & { readonly DPoP?: oauth.DPoPHandle };
}

/** The arguments that each process function of the protocol library takes. */
interface ProtocolResponse {
  readonly metadata: AuthorizationServerMetadata;
  readonly client: oauth.Client;
  readonly response: Response;
  readonly options: oauth.JWEDecryptOptions;
}

/** The parts of a token request that differ between grants. */
export interface TokenGrant {
  /** Sends the request. Called a second time if the server requires a DPoP nonce. */
  readonly send: (request: ProtocolArguments) => Promise<Response>;
  /** Validates the response with the protocol library. */
  readonly process: (response: ProtocolResponse) => Promise<oauth.TokenEndpointResponse>;
  /** The granted scope if the response has no `scope`, space-separated. */
  readonly scope: string;
  readonly resource?: string | undefined;
  /** The subject of the login, for the validation of an access token without an ID token. */
  readonly sub?: string | undefined;
  /** Accepted token types beside Bearer and DPoP, in lower case. */
  readonly tokenTypes?: readonly string[];
  readonly idToken?: {
    readonly acrValues?: readonly string[] | undefined;
    /** The authorization code, for `c_hash`. */
    readonly code?: string | undefined;
    /**
     * True: omits the ID token if its times are invalid or its signature cannot be verified now. The other tokens are
     * returned, because the refresh token is already spent and its successor must not be lost.
     * False: rejects the response. Default: false.
     */
    readonly isOptional?: boolean;
    /** Further validation of the claims. Throws to reject the response. */
    readonly validate?: (claims: IdTokenClaims) => void;
  };
}

/**
 * Sends a token request and validates the response. All grants pass here: discovery, client authentication, DPoP nonce,
 * decryption, signature and claims of the ID token, token type, access token, translation of errors.
 *
 * @throws AuthorizationServerError `token_error` if the provider rejects the request
 * @throws ValidationError if a part of the response is invalid
 * @throws TransportError if the provider cannot be reached
 */
export async function requestTokens(
  client: Client,
  grant: TokenGrant,
): Promise<{ readonly tokens: TokenResponse; readonly body: oauth.TokenEndpointResponse }> {
  const { authentication } = getClientContext(client);
  const protocolClient = toProtocolClient(client);
  const { isOptional = false, validate, acrValues, code } = grant.idToken ?? {};
  try {
    const metadata = await discover(client);
    const jwtReader = createJwtReader(client, { code: 'id_token_invalid' });
    const { response, body } = await retryWithDpopNonce(client, async (dpop) => {
      const response = await grant.send({
        metadata,
        client: protocolClient,
        authenticate: authentication.apply,
        options: { ...createTokenRequestOptions(client), ...dpop },
      });
      jwtReader.checkIdToken(response);
      const body = await grant.process({
        metadata,
        client: isOptional ? ignoreTimes(protocolClient) : protocolClient,
        response,
        options: jwtReader.decryptOptions,
      });
      return { response, body };
    });
    const isVerified =
      body.id_token === undefined || (await verifySignature(client, response, { isOptional }));
    const tokens = await toTokenResponse(client, body, grant);
    if (tokens.idToken !== undefined && tokens.claims) {
      await validateIdTokenClaims(client, jwtReader.getSignedJwt(tokens.idToken), tokens.claims, {
        acrValues,
        accessToken: tokens.accessToken,
        code,
        ignoreTimes: isOptional,
      });
      validate?.(tokens.claims);
    }
    const isUsable =
      isVerified && (!isOptional || tokens.claims === undefined || isTimely(client, tokens.claims));
    return { tokens: isUsable ? tokens : omitIdToken(tokens), body };
  } catch (error) {
    throw translateTokenError(error);
  }
}

/** A clock tolerance of 100 years: {@link isTimely} checks the times after all other checks. */
const ignoreTimes = (client: oauth.Client): oauth.Client => ({
  ...client,
  [oauth.clockTolerance]: 3_155_760_000,
});

/**
 * Verifies the signature of the ID token. An invalid signature is always rejected.
 *
 * @returns false if `isOptional` is true and the keys are unavailable or do not include the signing key
 */
async function verifySignature(
  client: Client,
  response: Response,
  { isOptional }: { readonly isOptional: boolean },
): Promise<boolean> {
  try {
    await verifyIdTokenSignature(client, response);
    return true;
  } catch (error) {
    const { code } = error as { code?: unknown };
    const isKeyUnavailable =
      error instanceof TransportError || code === 'keys_invalid' || code === oauth.KEY_SELECTION;
    if (isOptional && isKeyUnavailable) return false;
    throw error;
  }
}

/** The caller keeps the previous ID token: a refresh response needs no ID token (OpenID Connect Core section 12.2). */
function omitIdToken({ idToken: _, claims: __, ...rest }: TokenResponse): TokenResponse {
  return rest;
}

async function toTokenResponse(
  client: Client,
  body: oauth.TokenEndpointResponse,
  { scope, resource, sub, tokenTypes }: TokenGrant,
): Promise<TokenResponse> {
  const { options, now } = getClientContext(client);
  const isBound = body.token_type === 'dpop';
  const isOtherType = tokenTypes?.includes(body.token_type) === true;
  // A token that is not bound to the client's key can be used by an attacker who steals it (RFC 9449 section 5).
  if (!isOtherType && isBound !== (options.dpop !== undefined)) {
    const expected = options.dpop ? 'DPoP' : 'Bearer';
    throw new ValidationError(
      'token_response_invalid',
      'token_type',
      `Token response "token_type" is ${isBound ? 'DPoP' : 'Bearer'}, expected ${expected}.`,
    );
  }
  const claims = oauth.getValidatedIdTokenClaims(body) as IdTokenClaims | undefined;
  if (!isOtherType) await validateAccessToken(client, body.access_token, resource, claims?.sub ?? sub);
  return {
    accessToken: body.access_token,
    tokenType: isBound ? 'DPoP' : 'Bearer',
    ...(body.expires_in !== undefined && { expiresAt: seconds(now) + Math.floor(body.expires_in) }),
    scopes: parseScopes(body.scope ?? scope),
    ...(body.refresh_token !== undefined && { refreshToken: body.refresh_token }),
    ...(body.id_token !== undefined && { idToken: body.id_token }),
    ...(claims && { claims }),
    ...(body.authorization_details && { authorizationDetails: body.authorization_details }),
  };
}

/** Runs the application's validation of an access token. Its error may contain the token, so it is replaced. */
async function validateAccessToken(
  client: Client,
  accessToken: string,
  resource: string | undefined,
  sub: string | undefined,
): Promise<void> {
  const { issuer, clientId } = client;
  try {
    await getClientContext(client).options.validateAccessToken?.(accessToken, {
      issuer,
      clientId,
      ...(resource !== undefined && { resource }),
      ...(sub !== undefined && { sub }),
    });
  } catch (error) {
    if (error instanceof AuthError && error.name === 'TransportError') throw error;
    throw new ValidationError(
      'access_token_invalid',
      'access_token',
      'The function validateAccessToken rejected the access token.',
    );
  }
}

function translateTokenError(error: unknown): Error {
  return translateError(error, {
    code: isAboutIdToken(error) ? 'id_token_invalid' : 'token_response_invalid',
    check: 'token_response',
    serverErrorCode: 'token_error',
  });
}

/** The protocol library attaches claims or a header to errors about a token, and a body to errors about a response. */
function isAboutIdToken(error: unknown): boolean {
  const { cause, code, message = '' } = error as { cause?: unknown; code?: unknown; message?: string };
  if (/JWT|JWE|JWS|id_token/.test(message)) return true;
  if (
    code === oauth.JWT_CLAIM_COMPARISON ||
    code === oauth.JWT_TIMESTAMP_CHECK ||
    code === oauth.KEY_SELECTION
  )
    return true;
  if (typeof cause === 'string') return true;
  if (typeof cause !== 'object' || cause === null) return false;
  return 'claims' in cause || 'header' in cause || 'alg' in cause || 'signature' in cause;
}

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
