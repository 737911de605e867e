import { errors, type ResourceServer } from 'oidc-provider';
import type { SigningAlgorithm } from './signing-keys.ts';

/** An API that access tokens can be asked for with the parameter `resource` (RFC 8707). */
export interface DemoResource {
  /** Separated by spaces. */
  readonly scope: string;
  /** Seconds that its access tokens live. Default: the provider's `accessTokenLife`. */
  readonly accessTokenLife?: number;
  /** Signs its access tokens. Default: the provider's `accessTokenAlgorithm`. */
  readonly algorithm?: SigningAlgorithm;
  /** `opaque`: a reference, to be introspected (RFC 7662). Default: `jwt` (RFC 9068). */
  readonly format?: 'jwt' | 'opaque';
}

/** The APIs of the demonstration, by their resource indicator. */
export const demoResources: Readonly<Record<string, DemoResource>> = {
  'https://api.countersign.example': { scope: 'items:read items:write' },
  'https://reports.countersign.example': { scope: 'reports:read' },
};

/**
 * How access tokens for an API are made.
 *
 * @throws errors.InvalidTarget when there is no such API (RFC 8707 section 2)
 */
export function resourceServer(
  resource: string,
  options: {
    readonly resources: Readonly<Record<string, DemoResource>>;
    readonly accessTokenLife: number;
    readonly algorithm: SigningAlgorithm;
  },
): ResourceServer {
  const found = Object.hasOwn(options.resources, resource) ? options.resources[resource] : undefined;
  if (!found) throw new errors.InvalidTarget('the requested resource is not known here');
  const { scope, accessTokenLife = options.accessTokenLife, algorithm = options.algorithm } = found;
  return {
    scope,
    audience: resource,
    accessTokenTTL: accessTokenLife,
    accessTokenFormat: found.format ?? 'jwt',
    jwt: { sign: { alg: algorithm } },
  };
}
