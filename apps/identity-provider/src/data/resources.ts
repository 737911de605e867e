import { errors, type ResourceServer } from 'oidc-provider';
import type { SigningAlgorithm } from './signing-keys.ts';

/** An API for which a client requests access tokens with the parameter `resource` (RFC 8707). */
export interface DemoResource {
  /** The scopes of the API, separated by spaces. */
  readonly scope: string;
  /** Lifetime of its access tokens in seconds. Default: the provider's `accessTokenLifetime`. */
  readonly accessTokenLifetime?: number;
  /** The algorithm that signs its access tokens. Default: the provider's `accessTokenAlgorithm`. */
  readonly algorithm?: SigningAlgorithm;
  /** `jwt` (RFC 9068), or `opaque`: the API introspects the token (RFC 7662). Default: `jwt`. */
  readonly format?: 'jwt' | 'opaque';
}

/** The demo APIs by resource indicator. */
export const demoResources: Readonly<Record<string, DemoResource>> = {
  'https://api.countersign.example': { scope: 'items:read items:write' },
  'https://reports.countersign.example': { scope: 'reports:read' },
};

/**
 * Creates the provider's settings for access tokens of an API.
 *
 * @throws errors.InvalidTarget if the API is unknown (RFC 8707 section 2)
 */
export function createResourceServer(
  resource: string,
  options: {
    readonly resources: Readonly<Record<string, DemoResource>>;
    readonly accessTokenLifetime: number;
    readonly algorithm: SigningAlgorithm;
  },
): ResourceServer {
  const api = Object.hasOwn(options.resources, resource) ? options.resources[resource] : undefined;
  if (!api) throw new errors.InvalidTarget('the requested resource is unknown');
  const { scope, accessTokenLifetime = options.accessTokenLifetime, algorithm = options.algorithm } = api;
  return {
    scope,
    audience: resource,
    accessTokenTTL: accessTokenLifetime,
    accessTokenFormat: api.format ?? 'jwt',
    jwt: { sign: { alg: algorithm } },
  };
}
