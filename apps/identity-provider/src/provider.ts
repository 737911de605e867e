import { randomBytes } from 'node:crypto';
import Provider, { type ClientMetadata, type Configuration, type JWKS } from 'oidc-provider';
import { type AppOrigins, createDemoClients, isOriginOfClient, isPublic } from './data/clients.ts';
import { createMemoryAdapter } from './data/memory-adapter.ts';
import { createResourceServer, type DemoResource, demoResources } from './data/resources.ts';
import { createSigningKeys, type SigningAlgorithm, signingAlgorithms } from './data/signing-keys.ts';
import { claimsByScope, findUser, toClaims } from './data/users.ts';
import { guardRequests, serveCommonRoutes } from './http/common-routes.ts';
import { fetchWithLoopback } from './http/loopback.ts';
import { applyRequestHook, type RequestHook } from './http/request-hook.ts';
import { logRequests, type RequestLog } from './http/request-log.ts';
import { serveInteractions } from './interactions/interactions.ts';
import { retainOfflineAccess } from './interactions/offline-access.ts';
import { deviceFlowPages, logoutPages } from './interactions/protocol-pages.ts';
import { errorPage } from './pages/error.ts';
import { showPage } from './pages/layout.ts';

export interface ProviderOptions {
  /** The issuer identifier: the URL at which browsers and clients reach this provider, without a trailing slash. */
  readonly issuer: string;
  /** The origins of the demo apps, from which the redirect URIs are derived. Default: the default ports. */
  readonly origins?: AppOrigins;
  /** Lifetime of access tokens in seconds. Default: 60. */
  readonly accessTokenLifetime?: number;
  /** The algorithm that signs access tokens. Default: RS256. */
  readonly accessTokenAlgorithm?: SigningAlgorithm;
  /** Lifetime of refresh tokens in seconds. Default: 14 days. */
  readonly refreshTokenLifetime?: number;
  /**
   * Issues a new refresh token at each use. A reused refresh token revokes the grant; there is no grace period.
   * Default: true.
   */
  readonly rotateRefreshTokens?: boolean;
  /**
   * Issues refresh tokens only to logins with `prompt=consent`, as providers without another condition for offline access
   * do (OpenID Connect Core section 11). Default: false: the consent of an earlier login is enough.
   */
  readonly requireConsentPrompt?: boolean;
  /** Signing keys. Default: new keys, one for each algorithm. */
  readonly keys?: JWKS;
  /** Registered clients. Default: the demo clients. */
  readonly clients?: readonly ClientMetadata[];
  /** APIs by resource indicator. Default: the demo APIs. */
  readonly resources?: Readonly<Record<string, DemoResource>>;
  /**
   * If true, a token request without `resource` returns a token for the API that was requested at login, if it was
   * exactly one. Providers with an `audience` parameter behave this way. Default: false: the token is opaque and valid
   * for userinfo.
   */
  readonly useGrantedResource?: boolean;
  /** Requires a server nonce in DPoP proofs (RFC 9449 section 8). Default: false. */
  readonly requireDpopNonce?: boolean;
  /** Called after each protocol request. Default: none. */
  readonly requestLog?: RequestLog;
  /** Called before the provider handles a request. Default: none. */
  readonly onRequest?: RequestHook;
}

const day = 86_400;
const defaultOrigins: AppOrigins = { nextWeb: 'http://localhost:3000', angularSpa: 'http://localhost:4200' };

/** Creates the demo provider: `oidc-provider` with the pages and policies of this app. */
export async function createProvider(options: ProviderOptions): Promise<Provider> {
  const provider = new Provider(options.issuer, await createConfiguration(options));
  // Behind a TLS proxy, the scheme is read from the proxy's header.
  provider.proxy = options.issuer.startsWith('https:');
  if (options.requestLog) logRequests(provider, options.requestLog);
  guardRequests(provider);
  if (options.onRequest) applyRequestHook(provider, options.onRequest);
  serveCommonRoutes(provider);
  serveInteractions(provider);
  return provider;
}

/** Reads `auth_time` and `acr` of the login, so that an API can require a step-up (RFC 9068 section 2.2.1, RFC 9470). */
const readLoginClaims: Configuration['extraTokenClaims'] = (ctx) => {
  const { AuthorizationCode, RefreshToken, DeviceCode } = ctx.oidc.entities;
  const source = AuthorizationCode ?? RefreshToken ?? DeviceCode;
  if (!source) return undefined;
  const { authTime, acr } = source;
  return { ...(authTime !== undefined && { auth_time: authTime }), ...(acr !== undefined && { acr }) };
};

async function createConfiguration(options: ProviderOptions): Promise<Configuration> {
  const { accessTokenLifetime = 60, refreshTokenLifetime = 14 * day, resources = demoResources } = options;
  const algorithms = [...signingAlgorithms];
  return {
    adapter: createMemoryAdapter(),
    clients: [...(options.clients ?? createDemoClients(options.origins ?? defaultOrigins))],
    clientBasedCORS: (ctx, origin, client) =>
      (isPublic(client) || ctx.oidc.route === 'userinfo') && isOriginOfClient(origin, client.redirectUris),
    jwks: options.keys ?? (await createSigningKeys()),
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    fetch: fetchWithLoopback,
    // RFC 9700 section 2.1.1: PKCE for confidential clients too. The library supports S256 only.
    pkce: { required: () => true },
    // The ID token contains the claims of `profile` and `email`, like the userinfo response.
    conformIdTokenClaims: false,
    claims: { amr: null, ...claimsByScope },
    responseTypes: ['code'],
    acrValues: ['urn:countersign:acr:password'],
    extraParams: options.requireConsentPrompt ? [] : { offline_access: retainOfflineAccess },
    enabledJWA: {
      idTokenSigningAlgValues: algorithms,
      userinfoSigningAlgValues: algorithms,
      authorizationSigningAlgValues: algorithms,
      introspectionSigningAlgValues: algorithms,
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    async findAccount(_ctx, sub) {
      const user = findUser(sub);
      return user && { accountId: sub, claims: () => toClaims(user) };
    },
    extraTokenClaims: readLoginClaims,
    rotateRefreshToken: options.rotateRefreshTokens ?? true,
    issueRefreshToken: (_ctx, client, source) =>
      client.grantTypeAllowed('refresh_token') && source.scopes.has('offline_access'),
    expiresWithSession: (_ctx, source) => !source.scopes.has('offline_access'),
    ttl: {
      AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? accessTokenLifetime,
      ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? accessTokenLifetime,
      AuthorizationCode: 60,
      DeviceCode: 600,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: refreshTokenLifetime,
      Grant: 14 * day,
      Session: 14 * day,
    },
    features: {
      devInteractions: { enabled: false },
      jwtUserinfo: { enabled: true },
      revocation: {
        enabled: true,
        // RFC 7009 section 2.1: a client may revoke only its own tokens.
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => !isPublic(client) || token.clientId === client.clientId,
      },
      jwtIntrospection: { enabled: true },
      clientCredentials: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      requestObjects: { enabled: true },
      jwtResponseModes: { enabled: true },
      claimsParameter: { enabled: true },
      backchannelLogout: { enabled: true },
      dPoP: {
        enabled: true,
        nonceSecret: randomBytes(32),
        requireNonce: () => options.requireDpopNonce === true,
      },
      deviceFlow: { enabled: true, ...deviceFlowPages },
      rpInitiatedLogout: { enabled: true, ...logoutPages },
      resourceIndicators: {
        enabled: true,
        // A token request without `resource` that cannot be for userinfo is for the first of several APIs.
        defaultResource: (_ctx, _client, oneOf) => [oneOf ?? []].flat()[0] ?? [],
        useGrantedResource: (_ctx, source) =>
          options.useGrantedResource === true && typeof source.resource === 'string',
        getResourceServerInfo: (_ctx, resource) =>
          createResourceServer(resource, {
            resources,
            accessTokenLifetime,
            algorithm: options.accessTokenAlgorithm ?? 'RS256',
          }),
      },
    },
    renderError(ctx, out) {
      ctx.state.error = out.error;
      showPage(ctx, errorPage(out.error, out.error_description), ctx.status);
    },
  };
}
