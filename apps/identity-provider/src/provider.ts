import { randomBytes } from 'node:crypto';
import Provider, { type ClientMetadata, type Configuration, type JWKS } from 'oidc-provider';
import { type AppOrigins, demoClients, isOriginOfClient, isPublic } from './clients.ts';
import { serveInteractions } from './interactions.ts';
import { fetchWithLoopback } from './loopback.ts';
import { createMemoryAdapter } from './memory-adapter.ts';
import { keepOfflineAccess } from './offline-access.ts';
import { errorPage } from './pages/error.ts';
import { showPage } from './pages/layout.ts';
import { deviceFlowPages, logoutPages } from './protocol-pages.ts';
import { applyRequestHook, type RequestHook } from './request-hook.ts';
import { logRequests, type RequestLog } from './request-log.ts';
import { type DemoResource, demoResources, resourceServer } from './resources.ts';
import { guardRequests, serveEverythingElse } from './serve.ts';
import { createSigningKeys, type SigningAlgorithm, signingAlgorithms } from './signing-keys.ts';
import { claimsByScope, claimsOf, findUser } from './users.ts';

export interface ProviderOptions {
  /** The issuer identifier, where browsers and clients reach this provider: no slash at the end. */
  readonly issuer: string;
  /** Where the demo apps are; decides the redirect URIs of the demo clients. Default: their usual ports. */
  readonly origins?: AppOrigins;
  /** Seconds. Default: 60. */
  readonly accessTokenLife?: number;
  /** Signs the access tokens. Default: RS256. */
  readonly accessTokenAlgorithm?: SigningAlgorithm;
  /** Seconds. Default: 14 days. */
  readonly refreshTokenLife?: number;
  /**
   * A new refresh token at each use, and the end of the grant as soon as an old one comes again: there is no grace
   * period. Default: true.
   */
  readonly rotateRefreshTokens?: boolean;
  /** Signing keys, to keep or rotate them. Default: fresh ones, one for each algorithm. */
  readonly keys?: JWKS;
  /** Instead of the demo clients. */
  readonly clients?: readonly ClientMetadata[];
  /** Instead of the demo APIs, by resource indicator. */
  readonly resources?: Readonly<Record<string, DemoResource>>;
  /**
   * A token request without `resource` is for the API that was asked for at login, if it was one (the usual habit of
   * providers with an `audience`). Default: false; the token is then opaque, and for userinfo.
   */
  readonly useGrantedResource?: boolean;
  /** Demands a server nonce in DPoP proofs (RFC 9449 section 8). Default: false. */
  readonly requireDpopNonce?: boolean;
  readonly requestLog?: RequestLog;
  readonly onRequest?: RequestHook;
}

const day = 86_400;
const usualOrigins: AppOrigins = { nextWeb: 'http://localhost:3000', angularSpa: 'http://localhost:4200' };

/** The provider of the demonstration: certified protocol code, with pages and policies of our own. */
export async function createProvider(options: ProviderOptions): Promise<Provider> {
  const provider = new Provider(options.issuer, await configurationOf(options));
  // Behind a TLS proxy, the scheme is the one that the proxy names.
  provider.proxy = options.issuer.startsWith('https:');
  if (options.requestLog) logRequests(provider, options.requestLog);
  guardRequests(provider);
  if (options.onRequest) applyRequestHook(provider, options.onRequest);
  serveEverythingElse(provider);
  serveInteractions(provider);
  return provider;
}

/** When and how the user logged in, so that an API can ask for a better login (RFC 9068 section 2.2.1, RFC 9470). */
const loginOf: Configuration['extraTokenClaims'] = (ctx) => {
  const { AuthorizationCode, RefreshToken, DeviceCode } = ctx.oidc.entities;
  const source = AuthorizationCode ?? RefreshToken ?? DeviceCode;
  if (!source) return undefined;
  const { authTime, acr } = source;
  return { ...(authTime !== undefined && { auth_time: authTime }), ...(acr !== undefined && { acr }) };
};

async function configurationOf(options: ProviderOptions): Promise<Configuration> {
  const { accessTokenLife = 60, refreshTokenLife = 14 * day, resources = demoResources } = options;
  const algorithms = [...signingAlgorithms];
  return {
    adapter: createMemoryAdapter(),
    clients: [...(options.clients ?? demoClients(options.origins ?? usualOrigins))],
    clientBasedCORS: (ctx, origin, client) =>
      (isPublic(client) || ctx.oidc.route === 'userinfo') && isOriginOfClient(origin, client.redirectUris),
    jwks: options.keys ?? (await createSigningKeys()),
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    fetch: fetchWithLoopback,
    // RFC 9700 section 2.1.1: for confidential clients too. The library knows S256 only.
    pkce: { required: () => true },
    // The claims of profile and email are in the ID token as well as at userinfo.
    conformIdTokenClaims: false,
    claims: { amr: null, ...claimsByScope },
    responseTypes: ['code'],
    acrValues: ['urn:countersign:acr:password'],
    extraParams: { offline_access: keepOfflineAccess },
    enabledJWA: {
      idTokenSigningAlgValues: algorithms,
      userinfoSigningAlgValues: algorithms,
      authorizationSigningAlgValues: algorithms,
      introspectionSigningAlgValues: algorithms,
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    async findAccount(_ctx, sub) {
      const user = findUser(sub);
      return user && { accountId: sub, claims: () => claimsOf(user) };
    },
    extraTokenClaims: loginOf,
    rotateRefreshToken: options.rotateRefreshTokens ?? true,
    issueRefreshToken: (_ctx, client, source) =>
      client.grantTypeAllowed('refresh_token') && source.scopes.has('offline_access'),
    expiresWithSession: (_ctx, source) => !source.scopes.has('offline_access'),
    ttl: {
      AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? accessTokenLife,
      ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? accessTokenLife,
      AuthorizationCode: 60,
      DeviceCode: 600,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: refreshTokenLife,
      Grant: 14 * day,
      Session: 14 * day,
    },
    features: {
      devInteractions: { enabled: false },
      jwtUserinfo: { enabled: true },
      revocation: {
        enabled: true,
        // RFC 7009 section 2.1: nobody revokes another client's token.
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
        // Of several APIs, a token request that names none is for the first, if it cannot be for userinfo.
        defaultResource: (_ctx, _client, oneOf) => [oneOf ?? []].flat()[0] ?? [],
        useGrantedResource: (_ctx, source) =>
          options.useGrantedResource === true && typeof source.resource === 'string',
        getResourceServerInfo: (_ctx, resource) =>
          resourceServer(resource, {
            resources,
            accessTokenLife,
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
