import { ConfigurationError } from '../errors.ts';

/** What this API says about itself. @see RFC 9728 section 2 */
export interface ProtectedResource {
  /** This API's identifier: an https URL without fragment, as clients call it. */
  readonly resource: string;
  /** The scopes that it knows, `scopes_supported`. */
  readonly scopes?: readonly string[];
  /** A name for people. */
  readonly name?: string;
  /** URL of a page for developers. */
  readonly documentation?: string;
  /** URL of what clients may do with the data, `resource_policy_uri`. */
  readonly policy?: string;
  /** URL of its terms of service, `resource_tos_uri`. */
  readonly termsOfService?: string;
}

const wellKnown = '/.well-known/oauth-protected-resource';

/**
 * Where the metadata of a resource is found: the well-known path goes between host and path.
 *
 * @throws ConfigurationError `invalid_option` when the resource is no http or https URL, or has a fragment
 * @see RFC 9728 section 3.1
 */
export function protectedResourceMetadataUrl(resource: string): string {
  const url = URL.canParse(resource) ? new URL(resource) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.hash) {
    throw new ConfigurationError(
      'invalid_option',
      `protectedResource.resource must be an https URL without fragment, got "${resource}"`,
    );
  }
  const path = url.pathname === '/' ? '' : url.pathname;
  return `${url.origin}${wellKnown}${path}${url.search}`;
}

/** The metadata document, wire names. @see RFC 9728 section 2 */
export function protectedResourceMetadata(
  resource: ProtectedResource,
  verifier: {
    readonly issuers: readonly string[];
    readonly dpopAlgorithms: readonly string[];
    readonly binding: 'dpop' | 'mtls' | 'any' | undefined;
    readonly mtls: boolean;
  },
): Record<string, unknown> {
  const { scopes, name, documentation, policy, termsOfService } = resource;
  return {
    resource: resource.resource,
    authorization_servers: verifier.issuers,
    bearer_methods_supported: ['header'],
    ...(scopes && { scopes_supported: scopes }),
    ...(name !== undefined && { resource_name: name }),
    ...(documentation !== undefined && { resource_documentation: documentation }),
    ...(policy !== undefined && { resource_policy_uri: policy }),
    ...(termsOfService !== undefined && { resource_tos_uri: termsOfService }),
    ...(verifier.dpopAlgorithms.length > 0 && {
      dpop_signing_alg_values_supported: verifier.dpopAlgorithms,
      dpop_bound_access_tokens_required: verifier.binding === 'dpop',
    }),
    ...(verifier.mtls && { tls_client_certificate_bound_access_tokens: true }),
  };
}
