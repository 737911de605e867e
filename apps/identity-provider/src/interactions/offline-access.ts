import type { KoaContextWithOIDC } from 'oidc-provider';

/**
 * Retains `offline_access` in the scope of a request without `prompt=consent`.
 *
 * Without `prompt=consent` a provider ignores `offline_access`, unless another condition permits offline access. Here
 * that condition is the user's consent: `offline_access` is listed on the consent page, once per client. If the grant
 * does not include it, the user is sent to the consent page, or the request is rejected with `consent_required`
 * (`prompt=none`). If the grant includes it, consent is not asked again.
 *
 * The function is the validator of an extra parameter, because such a validator runs after the scope check and before
 * the interaction policy.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess
 */
export function retainOfflineAccess(ctx: KoaContextWithOIDC): void {
  const { params, client } = ctx.oidc;
  if (!params || typeof params.scope !== 'string' || !client?.grantTypeAllowed('refresh_token')) return;
  if (typeof params.response_type === 'string' && !params.response_type.split(' ').includes('code')) return;
  const requested = readRequestedScope(ctx)?.split(' ') ?? [];
  const scopes = params.scope.split(' ');
  if (requested.includes('offline_access') && !scopes.includes('offline_access')) {
    params.scope = [...scopes, 'offline_access'].join(' ');
  }
}

function readRequestedScope(ctx: KoaContextWithOIDC): string | undefined {
  const sent: Record<string, unknown> = { ...ctx.query, ...ctx.oidc.body };
  const pushed = ctx.oidc.entities.PushedAuthorizationRequest?.request;
  const object = pushed ?? sent.request;
  const scope = typeof object === 'string' ? decodePayload(object).scope : sent.scope;
  return typeof scope === 'string' ? scope : undefined;
}

/** Decodes the payload without verification: the provider has already verified the request object. */
function decodePayload(jwt: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    return {};
  }
}
