import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSigningKeys } from 'identity-provider';
import Provider, { type Configuration } from 'oidc-provider';
import { createMemoryAdapter } from '../../apps/identity-provider/src/data/memory-adapter.ts';
import { fetchWithLoopback } from '../../apps/identity-provider/src/http/loopback.ts';
import type { Kind } from './application.ts';
import { resources } from './resources.ts';

/** A fault of a token request. `respond` and `drop` act before the provider handles it, `lose` acts after. */
export type Fault =
  | { readonly kind: 'respond'; readonly status: 429 | 503; readonly retryAfter?: number }
  | { readonly kind: 'drop' }
  | { readonly kind: 'lose' }
  | { readonly kind: 'delay'; readonly milliseconds: number; readonly when: 'before' | 'after' };

/** A refresh request that reached the provider. */
export interface Refresh {
  /** The process that sent it. */
  readonly worker: string;
  /** The unique ID of the request. */
  readonly request: string;
  /** The user whose refresh token was used. */
  user?: string;
  /** Whether the response contains tokens. */
  ok: boolean;
  /** The hash of the access token that was issued. */
  token?: string;
  /** `sent`: written to the connection; `lost`: dropped by a fault; `hung up`: the client had disconnected. */
  delivery?: 'sent' | 'lost' | 'hung up';
}

export interface ChaosProvider {
  readonly issuer: string;
  /** The refresh requests that reached the provider, in order. */
  readonly refreshes: Refresh[];
  /** The requests that used their refresh token, in order of use. */
  readonly spent: Refresh[];
  /** The count of all refresh requests. */
  requests: number;
  /** Chooses the faults of each refresh request. */
  fault: () => readonly Fault[];
  /** Called when a code was exchanged. The response is sent afterwards. */
  onCodeExchanged: () => Promise<void>;
  /** The users whose refresh tokens were revoked one by one, in order. */
  readonly revoked: string[];
  /** Adds signing keys. The previous keys stay published. */
  rotateKeys(): Promise<void>;
  close(): Promise<void>;
}

/** Starts `oidc-provider` with rotation and reuse detection, without a grace period. Signs in the user of `login_hint`. */
export async function startChaosProvider(options: {
  /** The back-channel logout URI of each client. */
  readonly logoutUri: (kind: Kind) => string;
}): Promise<ChaosProvider> {
  const adapter = createMemoryAdapter();
  let keys = await createSigningKeys(['RS256']);
  let handle: ReturnType<Provider['callback']> | undefined;
  const server = createServer((request, response) => void handle?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const chaos: ChaosProvider = {
    issuer,
    refreshes: [],
    spent: [],
    requests: 0,
    fault: () => [],
    onCodeExchanged: async () => {},
    revoked: [],
    async rotateKeys() {
      const fresh = await createSigningKeys(['RS256']);
      keys = { keys: [...fresh.keys, ...keys.keys] };
      use();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const use = () => {
    const provider = new Provider(issuer, {
      ...configuration,
      clients: kinds.map((kind) => toClientMetadata(kind, options.logoutUri(kind))),
      adapter,
      jwks: keys,
    });
    injectFaults(provider, chaos);
    logInAutomatically(provider);
    handle = provider.callback();
  };
  use();
  return chaos;
}

/** A client for each kind of session, so that a logout token ends only one of them. */
const kinds: readonly Kind[] = ['cookie', 'stored'];

const toClientMetadata = (kind: Kind, backchannel_logout_uri: string) => ({
  client_id: `chaos-${kind}`,
  client_secret: 'chaos-secret',
  redirect_uris: ['http://localhost:1/auth/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  backchannel_logout_uri,
  backchannel_logout_session_required: true,
});

const configuration: Configuration = {
  cookies: { keys: ['cookie key of this run'] },
  // The default fetch rejects loopback addresses.
  fetch: fetchWithLoopback,
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  rotateRefreshToken: true,
  issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  expiresWithSession: () => false,
  ttl: {
    AccessToken: 60,
    AuthorizationCode: 60,
    IdToken: 3600,
    RefreshToken: 86_400,
    Grant: 86_400,
    Session: 86_400,
    Interaction: 600,
  },
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        ctx.body = form;
      },
    },
    backchannelLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_ctx, _client, oneOf) => oneOf?.[0] ?? resources[0],
      getResourceServerInfo: (_ctx, resource) => ({
        scope: 'read',
        audience: resource,
        accessTokenTTL: 60,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
};

function logInAutomatically(provider: Provider): void {
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next();
    const { params } = await provider.interactionDetails(ctx.req, ctx.res);
    const accountId = String(params.login_hint);
    const grant = new provider.Grant({ accountId, clientId: String(params.client_id) });
    grant.addOIDCScope(String(params.scope));
    for (const resource of resources) grant.addResourceScope(resource, 'read');
    const grantId = await grant.save();
    ctx.redirect(
      await provider.interactionResult(ctx.req, ctx.res, { login: { accountId }, consent: { grantId } }),
    );
  });
}

function injectFaults(provider: Provider, chaos: ChaosProvider): void {
  const currentRefresh = new AsyncLocalStorage<Refresh>();
  // The token is used now, even if its response is lost.
  provider.on('refresh_token.consumed', ({ accountId }) => {
    const refresh = currentRefresh.getStore();
    if (!refresh) return;
    if (accountId !== undefined) refresh.user = accountId;
    chaos.spent.push(refresh);
  });
  provider.on('refresh_token.destroyed', ({ accountId }) => chaos.revoked.push(accountId ?? ''));
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.path === '/token' && ctx.get('x-grant') === 'authorization_code') await chaos.onCodeExchanged();
  });
  provider.use(async (ctx, next) => {
    if (ctx.path !== '/token') return next();
    if (ctx.get('x-grant') !== 'refresh_token') return next();
    chaos.requests++;
    const worker = ctx.get('x-worker');
    const faults = chaos.fault();
    for (const fault of faults) {
      if (fault.kind === 'respond') {
        ctx.status = fault.status;
        if (fault.retryAfter !== undefined) ctx.set('retry-after', String(fault.retryAfter));
        return;
      }
      if (fault.kind === 'drop') {
        ctx.respond = false;
        ctx.req.socket.destroy();
        return;
      }
      if (fault.kind === 'delay' && fault.when === 'before') await pause(fault.milliseconds);
    }
    // The client has disconnected.
    if (ctx.req.socket.destroyed) {
      ctx.respond = false;
      return;
    }
    const refresh: Refresh = { worker, request: ctx.get('x-request'), ok: false };
    chaos.refreshes.push(refresh);
    await currentRefresh.run(refresh, next);
    refresh.ok = ctx.status === 200;
    const issued = (ctx.body as { access_token?: string } | undefined)?.access_token;
    if (issued) refresh.token = createHash('sha256').update(issued).digest('base64url');
    for (const fault of faults)
      if (fault.kind === 'delay' && fault.when === 'after') await pause(fault.milliseconds);
    const lost = faults.some(({ kind }) => kind === 'lose');
    if (lost || ctx.req.socket.destroyed) {
      refresh.delivery = lost ? 'lost' : 'hung up';
      ctx.respond = false;
      ctx.req.socket.destroy();
      return;
    }
    ctx.res.once('finish', () => {
      refresh.delivery = 'sent';
    });
    ctx.res.once('close', () => {
      refresh.delivery ??= 'hung up';
    });
  });
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
