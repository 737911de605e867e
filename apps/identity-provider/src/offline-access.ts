import type { KoaContextWithOIDC } from 'oidc-provider';

/**
 * `offline_access` without `prompt=consent` is dropped by the provider library, as OpenID Connect Core section 11
 * allows. Here the user is asked for consent anyway, once per client, so it is put back: clients need not force a
 * consent page at every login in order to be given a refresh token.
 *
 * Called as the validator of an extra parameter, which runs after the scope was checked.
 */
export function keepOfflineAccess(ctx: KoaContextWithOIDC): void {
  const { params, client } = ctx.oidc;
  if (!params || typeof params.scope !== 'string' || !client?.grantTypeAllowed('refresh_token')) return;
  const asked = scopeAsSent(ctx);
  const scopes = params.scope.split(' ');
  if (asked?.split(' ').includes('offline_access') && !scopes.includes('offline_access')) {
    params.scope = [...scopes, 'offline_access'].join(' ');
  }
}

function scopeAsSent(ctx: KoaContextWithOIDC): string | undefined {
  const sent = { ...ctx.query, ...(ctx.oidc.body as Record<string, unknown> | undefined) };
  const pushed = (ctx.oidc.entities as { PushedAuthorizationRequest?: { request?: string } })
    .PushedAuthorizationRequest;
  const object = pushed?.request ?? sent.request;
  const scope = typeof object === 'string' ? payloadOf(object).scope : sent.scope;
  return typeof scope === 'string' ? scope : undefined;
}

/** The provider has verified the request object before this is called. */
function payloadOf(jwt: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    return {};
  }
}
