import { randomBytes } from 'node:crypto';
import Provider, { type ClientMetadata, type Configuration } from 'oidc-provider';
import { type AppOrigins, demoClients } from './clients.ts';
import { serveInteractions, show } from './interactions.ts';
import { createMemoryAdapter } from './memory-adapter.ts';
import { keepOfflineAccess } from './offline-access.ts';
import {
  deviceCodePage,
  deviceConfirmPage,
  deviceSuccessPage,
  errorPage,
  loggedOutPage,
  logoutPage,
} from './pages/notices.ts';
import { logRequests, type RequestLog } from './request-log.ts';
import { resourceServer } from './resources.ts';
import { createSigningKeys } from './signing-keys.ts';
import { claimsOf, findUser } from './users.ts';

export type SigningAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

/** Called before the provider sees a request; a test may delay it, or answer it itself by returning true. */
export type RequestHook = (
  ctx: Parameters<Parameters<Provider['use']>[0]>[0],
) => Promise<boolean | undefined> | boolean | undefined;

export interface ProviderOptions {
  readonly issuer: string;
  /** Where the demo apps are; decides redirect URIs and CORS. */
  readonly origins: AppOrigins;
  /** Seconds. Default: 60. */
  readonly accessTokenLife?: number;
  /** A new refresh token at each use, and the end of the grant when an old one comes again. Default: true. */
  readonly rotateRefreshTokens?: boolean;
  /** Signs the access tokens. Default: RS256. */
  readonly accessTokenAlgorithm?: SigningAlgorithm;
  /** Signing keys, to keep or rotate them. Default: fresh ones. */
  readonly keys?: { keys: Record<string, unknown>[] };
  /** Instead of the demo clients. */
  readonly clients?: readonly ClientMetadata[];
  /** Demands a server nonce in DPoP proofs. Default: false. */
  readonly requireDpopNonce?: boolean;
  readonly requestLog?: RequestLog;
  readonly onRequest?: RequestHook;
}

/** The provider of the demonstration: certified protocol code, with pages and policies of our own. */
export async function createProvider(options: ProviderOptions): Promise<Provider> {
  const provider = new Provider(options.issuer, await configurationOf(options));
  const { onRequest, requestLog } = options;
  if (requestLog) logRequests(provider, requestLog);
  if (onRequest) {
    provider.use(async (ctx, next) => {
      if ((await onRequest(ctx)) !== true) await next();
    });
  }
  provider.use(async (ctx, next) => {
    if (ctx.path !== '/health') return next();
    ctx.body = { status: 'ok' };
  });
  serveInteractions(provider);
  return provider;
}

async function configurationOf(options: ProviderOptions): Promise<Configuration> {
  const {
    origins,
    accessTokenLife = 60,
    accessTokenAlgorithm = 'RS256',
    rotateRefreshTokens = true,
  } = options;
  const corsOrigins = new Set([origins.angularSpa]);
  return {
    adapter: createMemoryAdapter(),
    clients: [...(options.clients ?? demoClients(origins))],
    jwks: (options.keys ?? (await createSigningKeys())) as NonNullable<Configuration['jwks']>,
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    clientBasedCORS: (_ctx, origin) => corsOrigins.has(origin),
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
    extraClientMetadata: { properties: [] },
    extraParams: { offline_access: keepOfflineAccess },
    acrValues: ['urn:countersign:acr:password'],
    enabledJWA: {
      idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      userinfoSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      authorizationSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      introspectionSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    async findAccount(_ctx, sub) {
      const user = findUser(sub);
      return user && { accountId: sub, claims: () => claimsOf(user) };
    },
    rotateRefreshToken: rotateRefreshTokens,
    issueRefreshToken: async (_ctx, client, source) =>
      client.grantTypeAllowed('refresh_token') && source.scopes.has('offline_access'),
    expiresWithSession: (_ctx, source) => !source.scopes.has('offline_access'),
    ttl: {
      AccessToken: accessTokenLife,
      AuthorizationCode: 60,
      IdToken: 3600,
      RefreshToken: 14 * 86_400,
      Grant: 14 * 86_400,
      Session: 86_400,
      Interaction: 3600,
      DeviceCode: 600,
      ClientCredentials: accessTokenLife,
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: true },
      jwtUserinfo: { enabled: true },
      revocation: {
        enabled: true,
        allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId,
      },
      introspection: { enabled: true, allowedPolicy: async () => true },
      jwtIntrospection: { enabled: true },
      clientCredentials: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      requestObjects: { enabled: true },
      jwtResponseModes: { enabled: true },
      claimsParameter: { enabled: true },
      encryption: { enabled: true },
      backchannelLogout: { enabled: true },
      dPoP: {
        enabled: true,
        nonceSecret: randomBytes(32),
        requireNonce: () => options.requireDpopNonce === true,
      },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: async (ctx, form, _out, error) =>
          show(ctx, deviceCodePage(form, error !== undefined)),
        userCodeConfirmSource: async (ctx, form, client, _info, userCode) =>
          show(ctx, deviceConfirmPage(form, client.clientName ?? client.clientId, userCode)),
        successSource: async (ctx) =>
          show(ctx, deviceSuccessPage(ctx.oidc.client?.clientName ?? 'The device')),
      },
      resourceIndicators: {
        enabled: true,
        // Without a resource the token is opaque and is for userinfo.
        defaultResource: async (_ctx, _client, oneOf) =>
          Array.isArray(oneOf) ? (oneOf[0] as string) : (oneOf ?? ''),
        useGrantedResource: async () => false,
        getResourceServerInfo: async (_ctx, resource) =>
          resourceServer(resource, accessTokenLife, accessTokenAlgorithm),
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (ctx, form) => {
          const { client, entities } = ctx.oidc;
          // An ID token of this very session as hint: the user asked for it in the app, and is not asked again.
          const confirmed = (entities as { IdTokenHint?: unknown }).IdTokenHint !== undefined;
          show(ctx, logoutPage(form, client?.clientName ?? client?.clientId, confirmed));
        },
        postLogoutSuccessSource: async (ctx) => show(ctx, loggedOutPage()),
      },
    },
    renderError: async (ctx, out) => show(ctx, errorPage(out.error, out.error_description), ctx.status),
  };
}
