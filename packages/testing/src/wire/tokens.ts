import { base64url, CompactEncrypt, importJWK } from 'jose';
import { getSeconds } from '../clock.ts';
import type { TestClient } from '../options.ts';
import { type Binding, createRandomId, type Grant, type ServerState } from '../state.ts';
import { createFlavourContext, getTokenIssuer } from './flavour-context.ts';
import { sign } from './jws.ts';

export const accessTokenLifetime = ({ options }: ServerState) => options.accessTokenLifetime ?? 3600;
const idTokenLifetime = ({ options }: ServerState) => options.idTokenLifetime ?? 300;

/** Issues an access token for a grant. */
export async function issueAccessToken(
  state: ServerState,
  grant: Grant,
  details: {
    scope: string;
    grantType: string;
    resource?: string | undefined;
    binding?: Binding | undefined;
    actor?: object | undefined;
  },
): Promise<string> {
  const issuedAt = getSeconds(state.clock);
  const expiresAt = issuedAt + accessTokenLifetime(state);
  const audience = details.resource ?? state.issuer;
  const { binding } = details;
  const token = isOpaque(state, details.resource)
    ? `at-${createRandomId()}`
    : await sign(state, {
        kind: 'access_token',
        client: state.clients.get(grant.clientId),
        header: createAccessTokenHeader(state),
        claims: changeAccessTokenClaims(state, grant, details, {
          iss: getTokenIssuer(state, grant.sub),
          sub: grant.sub ?? grant.clientId,
          aud: audience,
          client_id: grant.clientId,
          scope: details.scope,
          iat: issuedAt,
          exp: expiresAt,
          jti: createRandomId(),
          ...(grant.authTime !== undefined && { auth_time: grant.authTime }),
          ...(grant.acr !== undefined && { acr: grant.acr }),
          ...(grant.authorizationDetails !== undefined && {
            authorization_details: grant.authorizationDetails,
          }),
          ...(binding && { cnf: binding }),
          ...(details.actor && { act: details.actor }),
        }),
      });
  state.accessTokens.set(token, {
    grant,
    scope: details.scope,
    audience,
    issuedAt,
    expiresAt,
    binding,
    isRevoked: false,
  });
  return token;
}

export const createAccessTokenHeader = ({ options, flavour }: ServerState) => ({
  typ: 'at+jwt',
  ...flavour.accessTokenHeader,
  alg: options.accessTokenSigningAlg ?? 'RS256',
});

/** Changes the claims of an access token to those of the provider. */
export function changeAccessTokenClaims(
  state: ServerState,
  grant: Grant,
  details: { readonly scope: string; readonly grantType: string },
  claims: Record<string, unknown>,
): Record<string, unknown> {
  return state.flavour.accessTokenClaims?.(claims, createFlavourContext(state, grant, details)) ?? claims;
}

function isOpaque({ options, flavour }: ServerState, resource: string | undefined): boolean {
  const { accessTokenFormat = flavour.opaqueWithoutResource && resource === undefined ? 'opaque' : 'jwt' } =
    options;
  return accessTokenFormat === 'opaque';
}

/** Issues a refresh token for a grant. */
export function issueRefreshToken(state: ServerState, grant: Grant, binding: Binding | undefined): string {
  const token = `rt-${createRandomId()}`;
  state.refreshTokens.set(token, { grant, binding, uses: [] });
  return token;
}

/** Issues an ID token for a grant, encrypted if the client is registered for encryption. */
export async function issueIdToken(
  state: ServerState,
  grant: Grant,
  details: { accessToken?: string; withNonce: boolean; grantType: string },
): Promise<string> {
  const client = state.clients.get(grant.clientId) as TestClient;
  const { flavour } = state;
  const alg = client.idTokenSignedResponseAlg ?? flavour.idTokenSigningAlg ?? 'RS256';
  const iat = getSeconds(state.clock);
  const user = state.users.get(grant.sub ?? '');
  const requestedClaims = Object.keys(grant.claims?.id_token ?? {});
  const claims: Record<string, unknown> = {
    ...Object.fromEntries(
      Object.entries(user?.claims ?? {}).filter(([name]) => requestedClaims.includes(name)),
    ),
    iss: getTokenIssuer(state, grant.sub),
    sub: grant.sub,
    aud: client.clientId,
    iat,
    exp: iat + idTokenLifetime(state),
    ...(grant.sid !== undefined && { sid: grant.sid }),
    ...(details.withNonce && grant.nonce !== undefined && { nonce: grant.nonce }),
    ...(grant.authTime !== undefined && { auth_time: grant.authTime }),
    ...(grant.acr !== undefined && { acr: grant.acr }),
    ...(details.accessToken !== undefined && { at_hash: await halfHash(alg, details.accessToken) }),
  };
  const context = createFlavourContext(state, grant, { scope: grant.scope, grantType: details.grantType });
  const jwt = await sign(state, {
    kind: 'id_token',
    client,
    header: { typ: 'JWT', ...flavour.idTokenHeader, alg },
    claims: { ...(flavour.idTokenClaims?.(claims, context) ?? claims) },
  });
  return encryptFor(client, client.idTokenEncryptedResponseAlg, jwt);
}

/** Issues a logout token (OpenID Connect Back-Channel Logout section 2.4). */
export function issueLogoutToken(
  state: ServerState,
  claims: { readonly aud: string; readonly sub?: string | undefined; readonly sid?: string | undefined },
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const client = state.clients.get(claims.aud);
  const { flavour } = state;
  const iat = getSeconds(state.clock);
  const members = {
    iss: getTokenIssuer(state, claims.sub),
    ...(claims.sub !== undefined && { sub: claims.sub }),
    aud: claims.aud,
    iat,
    exp: iat + 120,
    jti: createRandomId(),
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    ...(claims.sid !== undefined && { sid: claims.sid }),
  };
  return sign(state, {
    kind: 'logout_token',
    client,
    header: {
      typ: 'logout+jwt',
      alg: client?.idTokenSignedResponseAlg ?? flavour.idTokenSigningAlg ?? 'RS256',
    },
    claims: { ...(flavour.logoutTokenClaims?.(members) ?? members), ...overrides },
  });
}

/** Encrypts a text for the client, or returns it unchanged without `alg`. */
export async function encryptFor(client: TestClient, alg: string | undefined, text: string): Promise<string> {
  if (alg === undefined) return text;
  const jwk = client.jwks?.keys.find(
    (key) => key.use === 'enc' && (key.alg === undefined || key.alg === alg),
  );
  if (!jwk) throw new Error(`client "${client.clientId}" has no encryption key for ${alg}`);
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({
      alg,
      enc: 'A256GCM',
      ...(!text.startsWith('{') && { cty: 'JWT' }),
      ...(jwk.kid !== undefined && { kid: jwk.kid }),
    })
    .encrypt(await importJWK(jwk, alg));
}

async function halfHash(alg: string, text: string): Promise<string> {
  const bits = alg.startsWith('Ed') ? '512' : alg.slice(2);
  const digest = new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, new TextEncoder().encode(text)));
  return base64url.encode(digest.subarray(0, digest.length / 2));
}
