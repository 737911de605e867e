import type { KoaContextWithOIDC } from 'oidc-provider';

/**
 * Keeps `offline_access` in the scope of a request that does not carry `prompt=consent`.
 *
 * OpenID Connect Core section 11 lets a provider ignore it there, unless something else permits offline access. Here
 * it is consent: `offline_access` is one of the scopes that the user is asked to allow, once per client, so that a
 * request without it on the user's grant is sent to the consent page (or refused with `consent_required` under
 * `prompt=none`), and one with it needs no second question.
 *
 * Called as the validator of an extra parameter, because that runs after the scope was checked and before the
 * interaction policy is.
 */
export function keepOfflineAccess(ctx: KoaContextWithOIDC): void {
  const { params, client } = ctx.oidc;
  if (!params || typeof params.scope !== 'string' || !client?.grantTypeAllowed('refresh_token')) return;
  if (typeof params.response_type === 'string' && !params.response_type.split(' ').includes('code')) return;
  const asked = scopeAsSent(ctx)?.split(' ') ?? [];
  const scopes = params.scope.split(' ');
  if (asked.includes('offline_access') && !scopes.includes('offline_access')) {
    params.scope = [...scopes, 'offline_access'].join(' ');
  }
}

function scopeAsSent(ctx: KoaContextWithOIDC): string | undefined {
  const sent: Record<string, unknown> = { ...ctx.query, ...ctx.oidc.body };
  const pushed = ctx.oidc.entities.PushedAuthorizationRequest?.request;
  const object = pushed ?? sent.request;
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
