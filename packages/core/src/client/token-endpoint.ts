import * as oauth from 'oauth4webapi';
import { ValidationError } from '../errors.ts';
import { seconds } from '../internal/clock.ts';
import type { JsonObject } from '../internal/json/json.ts';
import { findLoginDifference, readUnverifiedClaims, requireSameUser } from '../protocol/login/same-login.ts';
import { parseScopes } from '../protocol/login/scopes.ts';
import { requireTokenIssuer } from '../protocol/tokens/id-token-claims.ts';
import { findRejectedRefreshToken } from '../protocol/tokens/rejected-token-response.ts';
import { normalizeVerificationClaims } from '../protocol/tokens/verification-claims.ts';
import type { Client } from './client.ts';
import { getClientContext } from './client-context.ts';
import { reportIgnoredIdToken } from './ignored-id-token.ts';
import { discover } from './wire/discovery.ts';
import { retryWithDpopNonce } from './wire/dpop.ts';
import { findIdTokenHmac, verifyIdTokenHmac } from './wire/jwt/id-token-hmac.ts';
import { createJwtReader, type JwtReader } from './wire/jwt/jwt-reader.ts';
import { validateIdTokenClaims, verifyIdTokenSignature } from './wire/jwt/verify-id-token.ts';
import { createTokenRequestOptions, findEndpoint, toProtocolClient } from './wire/request-options.ts';
import type { AuthorizationServerMetadata } from './wire/server-metadata.ts';
import {
  type CreateTokenError,
  type ReceivedTokens,
  readTokenResponse,
} from './wire/token-endpoint-response.ts';
import type { IdTokenClaims, TokenResponse } from './wire/token-response.ts';
import { translateTokenError } from './wire/translate-token-error.ts';
import { validateAccessToken } from './wire/validate-access-token.ts';

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
  /** The signed ID token, if it was not encrypted. Not validated. */
  readonly idToken?: string | undefined;
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
    /** The `iss` of the authorization response. */
    readonly responseIssuer?: string | undefined;
  };
  /**
   * Marks a refresh. Its ID token is optional. If it is invalid or cannot be verified now, the other tokens are returned
   * without it: the refresh token is already spent, and its successor must not be lost.
   */
  readonly refresh?: {
    /** The claims of the previous ID token. An ID token of another user is rejected, even if it cannot be verified. */
    readonly previousClaims: IdTokenClaims | undefined;
  };
  /** Called with the refresh token of a successful response, before the rest is validated. */
  readonly onRefreshToken?: ((refreshToken: string) => void) | undefined;
  /** Creates the error for an error response. Default: an AuthorizationServerError `token_error`. */
  readonly createError?: CreateTokenError;
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
  const { issuerRule } = getClientContext(client);
  try {
    const metadata = await discover(client);
    const { body, createResponse } = await sendTokenRequest(client, grant, metadata);
    const members = selectMembers(client, body);
    if (typeof members.refresh_token === 'string') grant.onRefreshToken?.(members.refresh_token);
    // The previous refresh token remains if the response to a refresh has none (RFC 6749 section 6).
    else if (grant.refresh) delete members.refresh_token;
    const { id_token: idToken, ...otherMembers } = members;
    let tokenIssuer: string | undefined;
    const jwtReader = createJwtReader(client, { code: 'id_token_invalid' }, (jwt) => {
      if (issuerRule.tenants) tokenIssuer = requireTokenIssuer(readUnverifiedClaims(jwt) ?? {}, issuerRule);
    });
    /** With tenants, the token decides which of the issuers is expected. */
    const tokenMetadata: AuthorizationServerMetadata = {
      ...metadata,
      get issuer() {
        return tokenIssuer ?? metadata.issuer;
      },
    };
    const validation = { metadata: tokenMetadata, jwtReader, createResponse };
    const isRefreshed = grant.refresh !== undefined && idToken !== undefined;
    const processedBody =
      (isRefreshed && (await processRefreshedIdToken(client, grant, { ...validation, members }))) ||
      (await processTokens(client, grant, { ...validation, members: isRefreshed ? otherMembers : members }));
    const tokens = await toTokenResponse(client, { body: processedBody, jwtReader }, grant);
    if (tokens.idToken === undefined) return { tokens, body: processedBody };
    // The decrypted JWT as the provider signed it: providers accept only this form as a hint for a login or logout.
    return { tokens: { ...tokens, idToken: jwtReader.getSignedJwt(String(idToken)) }, body: processedBody };
  } catch (error) {
    throw translateTokenError(error);
  }
}

/** Applies what the preset of the provider says about its responses. An OAuth 2 login has no ID token that can be validated. */
function selectMembers(client: Client, { id_token: idToken, ...members }: JsonObject): JsonObject {
  const { oauth2Userinfo, scopeSeparator } = getClientContext(client).options.provider ?? {};
  if (scopeSeparator !== undefined && typeof members.scope === 'string')
    members.scope = members.scope.split(scopeSeparator).join(' ');
  return idToken === undefined || oauth2Userinfo ? members : { ...members, id_token: idToken };
}

/** Sends the request, and sends it again if the server requires a DPoP nonce. */
function sendTokenRequest(
  client: Client,
  grant: TokenGrant,
  metadata: AuthorizationServerMetadata,
): Promise<ReceivedTokens> {
  const {
    authentication,
    issuerRule: { tenants },
  } = getClientContext(client);
  const protocolClient = toProtocolClient(client);
  return retryWithDpopNonce(client, async (dpop) => {
    const request = {
      metadata,
      client: protocolClient,
      authenticate: authentication.apply,
      options: { ...createTokenRequestOptions(client), ...dpop },
    };
    const response = await grant.send(request).catch((error: unknown) => {
      const refreshToken = findRejectedRefreshToken(error, grant.refresh?.previousClaims, tenants);
      if (refreshToken !== undefined) grant.onRefreshToken?.(refreshToken);
      throw error;
    });
    const tokenResponse = await readTokenResponse(
      response,
      findEndpoint(client, metadata, 'token_endpoint'),
      grant.createError,
    );
    if (!(tokenResponse instanceof Response)) return tokenResponse;
    await grant.process({ metadata, client: protocolClient, response: tokenResponse, options: {} });
    throw new ValidationError(
      'token_response_invalid',
      'body',
      `The token endpoint responded with status ${response.status} without a JSON object.`,
    );
  });
}

interface TokenValidation {
  readonly metadata: AuthorizationServerMetadata;
  readonly jwtReader: JwtReader;
  readonly createResponse: ReceivedTokens['createResponse'];
}

/** Validates a token response, with the signature and the claims of its ID token. */
async function processTokens(
  client: Client,
  grant: TokenGrant,
  { members, metadata, jwtReader, createResponse }: TokenValidation & { readonly members: JsonObject },
): Promise<oauth.TokenEndpointResponse> {
  const { id_token: idToken } = members;
  const response = createResponse(
    typeof idToken === 'string' ? { ...members, id_token: jwtReader.prepare(idToken) } : members,
  );
  const body = await grant.process({
    metadata,
    client: toProtocolClient(client),
    response,
    ...(typeof idToken === 'string' && { idToken }),
    options: jwtReader.decryptOptions,
  });
  const claims = getValidatedClaims(body, jwtReader);
  if (typeof idToken !== 'string' || !claims) return body;
  const { idTokenSignedResponseAlg: alg = 'RS256' } = getClientContext(client).options;
  const hmac = findIdTokenHmac(client);
  if (hmac) await verifyIdTokenHmac(hmac, jwtReader.getSignedJwt(idToken));
  else
    await jwtReader.verifyJwt(idToken, alg, () => verifyIdTokenSignature(client, response, metadata.issuer));
  const expected = { ...grant.idToken, accessToken: body.access_token };
  await validateIdTokenClaims(client, jwtReader.getSignedJwt(idToken), claims, expected);
  return body;
}

/**
 * Validates a response to a refresh with its ID token.
 *
 * @returns `undefined` if only the ID token is invalid: the caller keeps the previous one, because a refresh response
 *   needs no ID token (OpenID Connect Core section 12.2)
 * @throws ValidationError if the ID token names another user
 */
async function processRefreshedIdToken(
  client: Client,
  grant: TokenGrant,
  validation: TokenValidation & { readonly members: JsonObject },
): Promise<oauth.TokenEndpointResponse | undefined> {
  const { members, jwtReader } = validation;
  const { previousClaims } = grant.refresh ?? {};
  let body: oauth.TokenEndpointResponse | undefined;
  let failure: unknown;
  try {
    body = await processTokens(client, grant, validation);
  } catch (error) {
    failure = error;
  }
  const claims = readUnverifiedClaims(jwtReader.getSignedJwt(String(members.id_token)));
  // Tokens of another user must not be stored, even if the signature cannot be verified now.
  const { tenants } = getClientContext(client).issuerRule;
  if (previousClaims && claims) requireSameUser(claims, previousClaims, tenants);
  failure ??= previousClaims && claims && findLoginDifference(claims, previousClaims);
  if (failure === undefined) return body;
  reportIgnoredIdToken(client, translateTokenError(failure));
  return undefined;
}

/** Returns the claims of the ID token of a processed response. */
const getValidatedClaims = (
  body: oauth.TokenEndpointResponse,
  jwtReader: JwtReader,
): IdTokenClaims | undefined =>
  oauth.getValidatedIdTokenClaims(body) && (jwtReader.getClaims() as IdTokenClaims | undefined);

async function toTokenResponse(
  client: Client,
  { body, jwtReader }: { readonly body: oauth.TokenEndpointResponse; readonly jwtReader: JwtReader },
  { scope, resource, sub, tokenTypes, refresh }: TokenGrant,
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
  const claims = getValidatedClaims(body, jwtReader);
  const subject = claims?.sub ?? sub;
  const issuer = claims?.iss ?? refresh?.previousClaims?.iss ?? client.issuer;
  if (!isOtherType) await validateAccessToken(client, body.access_token, { issuer, resource, sub: subject });
  return {
    accessToken: body.access_token,
    tokenType: isBound ? 'DPoP' : 'Bearer',
    ...(body.expires_in !== undefined && { expiresAt: seconds(now) + Math.floor(body.expires_in) }),
    scopes: parseScopes(body.scope ?? scope),
    ...(body.refresh_token !== undefined && { refreshToken: body.refresh_token }),
    ...(body.id_token !== undefined && { idToken: body.id_token }),
    ...(claims && { claims: normalizeVerificationClaims(claims) }),
    ...(body.authorization_details && { authorizationDetails: body.authorization_details }),
  };
}
