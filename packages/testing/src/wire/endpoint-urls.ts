import type { Endpoint } from '../options.ts';
import type { ServerState } from '../state.ts';

type Context = Pick<ServerState, 'issuer' | 'flavour'>;

/** Returns the issuer without its trailing slash. */
export const getBaseUrl = ({ issuer }: Pick<ServerState, 'issuer'>) => issuer.replace(/\/$/, '');

/** Moves a URL of the provider to the origin of the server's issuer, unless that is the origin of the provider. */
export function moveToIssuer({ issuer, flavour }: Context, url: string): string {
  const { origin } = new URL(issuer);
  // Not parsed: a URL can contain a placeholder, which a parser would encode.
  return origin === new URL(flavour.issuer).origin ? url : url.replace(/^https?:\/\/[^/]+/, origin);
}

/** Returns the URL of an endpoint, or `undefined` if the provider does not have it. */
export function findEndpointUrl(state: Context, endpoint: Endpoint): string | undefined {
  const { endpoints, unlistedEndpoints } = state.flavour;
  const place = endpoints[endpoint] ?? unlistedEndpoints?.[endpoint];
  return place === undefined ? undefined : resolve(state, place);
}

/** Lists the endpoints of the metadata with their URLs. */
export const listEndpointUrls = (state: Context): [name: Endpoint, url: string][] =>
  Object.entries(state.flavour.endpoints).map(([name, place]) => [name as Endpoint, resolve(state, place)]);

/** Finds the endpoint of a path, including aliases for mutual TLS. */
export function findEndpoint(state: Context, pathname: string): Endpoint | undefined {
  const { endpoints, unlistedEndpoints = {} } = state.flavour;
  const prefix = new URL(state.issuer).pathname.replace(/\/$/, '');
  const wellKnown = '/.well-known/oauth-authorization-server';
  if (pathname === `${wellKnown}${prefix}` && 'discovery' in endpoints) return 'discovery';
  const path = pathname.startsWith(`${prefix}/mtls/`)
    ? `${prefix}/${pathname.slice(`${prefix}/mtls/`.length)}`
    : pathname;
  const places = [...Object.entries(endpoints), ...Object.entries(unlistedEndpoints)];
  return places.find(([, place]) => new URL(resolve(state, place)).pathname === path)?.[0] as
    | Endpoint
    | undefined;
}

const resolve = (state: Context, place: string) =>
  place.startsWith('/') ? getBaseUrl(state) + place : moveToIssuer(state, place);
