import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSigningKeys } from 'identity-provider';
import Provider, { type Configuration } from 'oidc-provider';
import { createMemoryAdapter } from '../../apps/identity-provider/src/memory-adapter.ts';
import { resources } from './resources.ts';

/** What happens to a token request. `answer` and `drop` come before the provider has seen it, `lose` after. */
export type Fault =
  | { readonly kind: 'answer'; readonly status: 429 | 503; readonly retryAfter?: number }
  | { readonly kind: 'drop' }
  | { readonly kind: 'lose' }
  | { readonly kind: 'delay'; readonly milliseconds: number; readonly when: 'before' | 'after' };

/** One refresh request that reached the provider. */
export interface Refresh {
  readonly user: string | undefined;
  /** The process that sent it. */
  readonly worker: string;
  readonly ok: boolean;
  /** The hash of the access token that was issued. */
  readonly token: string | undefined;
  /** The provider spent the token, and its answer was dropped. */
  readonly lost: boolean;
}

export interface ChaosProvider {
  readonly issuer: string;
  /** Every refresh request, in order; those that were answered before the provider saw them are only counted. */
  readonly refreshes: Refresh[];
  /** Refresh requests, however they ended. */
  requests: number;
  /** Chosen for each refresh request. */
  fault: () => readonly Fault[];
  /** New signing keys; the old ones stay published. */
  rotateKeys(): Promise<void>;
  close(): Promise<void>;
}

/** `oidc-provider` with rotation and reuse detection, without any grace; whoever is named in `login_hint` is signed in. */
export async function startChaosProvider(): Promise<ChaosProvider> {
  const adapter = createMemoryAdapter();
  let keys = await createSigningKeys(['RS256']);
  let handle: ReturnType<Provider['callback']> | undefined;
  const server = createServer((request, response) => void handle?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const chaos: ChaosProvider = {
    issuer,
    refreshes: [],
    requests: 0,
    fault: () => [],
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
    const provider = new Provider(issuer, { ...configuration, adapter, jwks: keys });
    injectFaults(provider, chaos);
    signEverybodyIn(provider);
    handle = provider.callback();
  };
  use();
  return chaos;
}

const configuration: Configuration = {
  clients: [
    {
      client_id: 'chaos',
      client_secret: 'chaos-secret',
      redirect_uris: ['http://localhost:1/auth/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
    },
  ],
  cookies: { keys: ['for this run alone'] },
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
    rpInitiatedLogout: { enabled: true },
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

function signEverybodyIn(provider: Provider): void {
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next();
    const { params } = await provider.interactionDetails(ctx.req, ctx.res);
    const accountId = String(params.login_hint);
    const grant = new provider.Grant({ accountId, clientId: 'chaos' });
    grant.addOIDCScope(String(params.scope));
    for (const resource of resources) grant.addResourceScope(resource, 'read');
    const grantId = await grant.save();
    ctx.redirect(
      await provider.interactionResult(ctx.req, ctx.res, { login: { accountId }, consent: { grantId } }),
    );
  });
}

function injectFaults(provider: Provider, chaos: ChaosProvider): void {
  provider.use(async (ctx, next) => {
    if (ctx.path !== '/token') return next();
    const authorization = ctx.get('x-grant');
    if (authorization !== 'refresh_token') return next();
    chaos.requests++;
    const worker = ctx.get('x-worker');
    const faults = chaos.fault();
    for (const fault of faults) {
      if (fault.kind === 'answer') {
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
    // Whoever has hung up meanwhile asks nothing any more.
    if (ctx.req.socket.destroyed) {
      ctx.respond = false;
      return;
    }
    await next();
    const user = (ctx as { oidc?: { account?: { accountId?: string } } }).oidc?.account?.accountId;
    const issued = (ctx.body as { access_token?: string } | undefined)?.access_token;
    const token = issued && createHash('sha256').update(issued).digest('base64url');
    const lost = faults.some(({ kind }) => kind === 'lose');
    // Written down before the answer is delayed: the token is spent now.
    chaos.refreshes.push({ user, worker, token, ok: ctx.status === 200, lost });
    for (const fault of faults)
      if (fault.kind === 'delay' && fault.when === 'after') await pause(fault.milliseconds);
    if (lost || ctx.req.socket.destroyed) {
      ctx.respond = false;
      ctx.req.socket.destroy();
    }
  });
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
