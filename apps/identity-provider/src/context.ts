import type { KoaContextWithOIDC, default as Provider } from 'oidc-provider';

/** What a middleware of the provider gets. */
export type Context = Parameters<Parameters<Provider['use']>[0]>[0];

/** The protocol's side of a context: only there once the request has reached an endpoint of the protocol. */
export function protocolOf(ctx: Context): KoaContextWithOIDC['oidc'] | undefined {
  return (ctx as Partial<KoaContextWithOIDC>).oidc;
}
