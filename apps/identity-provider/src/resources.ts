import { errors, type ResourceServer } from 'oidc-provider';

/** The APIs that access tokens can be asked for (RFC 8707), and the scopes of each. */
const scopesOf: Readonly<Record<string, string>> = {
  'https://api.countersign.example': 'items:read items:write',
  'https://reports.countersign.example': 'reports:read',
};

/** How access tokens for an API are made: signed JWTs of a short life (RFC 9068). */
export function resourceServer(resource: string, life: number, alg: string): ResourceServer {
  const scope = scopesOf[resource];
  if (scope === undefined) throw new errors.InvalidTarget();
  return {
    scope,
    audience: resource,
    accessTokenTTL: life,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: alg as 'RS256' } },
  };
}
