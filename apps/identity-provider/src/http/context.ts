import type { KoaContextWithOIDC, default as Provider } from 'oidc-provider';

/** The context of a provider middleware. */
export type Context = Parameters<Parameters<Provider['use']>[0]>[0];

/** Returns the protocol context. It is undefined until the request reaches a protocol endpoint. */
export function getProtocolContext(ctx: Context): KoaContextWithOIDC['oidc'] | undefined {
  return (ctx as Partial<KoaContextWithOIDC>).oidc;
}
