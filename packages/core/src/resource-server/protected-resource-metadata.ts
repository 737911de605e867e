import { ConfigurationError } from '../errors.ts';

/** Description of the resource server. @see https://www.rfc-editor.org/rfc/rfc9728#section-2 */
export interface ProtectedResource {
  /** The resource identifier: the `https` URL that clients use, without fragment. */
  readonly resource: string;
  /** Supported scopes, `scopes_supported`. */
  readonly scopes?: readonly string[] | undefined;
  /** Display name, `resource_name`. */
  readonly name?: string | undefined;
  /** URL of the developer documentation, `resource_documentation`. */
  readonly documentation?: string | undefined;
  /** URL of the data usage policy, `resource_policy_uri`. */
  readonly policy?: string | undefined;
  /** URL of the terms of service, `resource_tos_uri`. */
  readonly termsOfService?: string | undefined;
}

const wellKnownPath = '/.well-known/oauth-protected-resource';

/**
 * Creates the URL of a resource's metadata: the well-known path, inserted between host and path of the resource.
 *
 * @throws ConfigurationError `invalid_option` when the resource is not an `http` or `https` URL, or has a fragment
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-3.1
 * @example
 * ```ts
 * import { createProtectedResourceMetadataUrl } from '@countersign/core/resource-server';
 *
 * createProtectedResourceMetadataUrl('https://api.example.com/v1');
 * // https://api.example.com/.well-known/oauth-protected-resource/v1
 * ```
 */
export function createProtectedResourceMetadataUrl(resource: string): string {
  const url = URL.canParse(resource) ? new URL(resource) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.hash) {
    throw new ConfigurationError(
      'invalid_option',
      `"protectedResource.resource" is "${resource}", expected an https URL without fragment.`,
    );
  }
  const path = url.pathname === '/' ? '' : url.pathname;
  return `${url.origin}${wellKnownPath}${path}${url.search}`;
}

/** Creates the metadata document. RFC 9728 section 2. */
export function createProtectedResourceMetadata(
  resource: ProtectedResource,
  verifier: {
    readonly issuers: readonly string[];
    readonly dpopAlgorithms: readonly string[];
    readonly requireBinding: 'dpop' | 'mtls' | 'any' | undefined;
    readonly mtls: boolean;
  },
): Record<string, unknown> {
  const { scopes, name, documentation, policy, termsOfService } = resource;
  return {
    resource: resource.resource,
    ...(verifier.issuers.length > 0 && { authorization_servers: verifier.issuers }),
    bearer_methods_supported: ['header'],
    ...(scopes && { scopes_supported: scopes }),
    ...(name !== undefined && { resource_name: name }),
    ...(documentation !== undefined && { resource_documentation: documentation }),
    ...(policy !== undefined && { resource_policy_uri: policy }),
    ...(termsOfService !== undefined && { resource_tos_uri: termsOfService }),
    ...(verifier.dpopAlgorithms.length > 0 && {
      dpop_signing_alg_values_supported: verifier.dpopAlgorithms,
      dpop_bound_access_tokens_required: verifier.requireBinding === 'dpop',
    }),
    ...(verifier.mtls && { tls_client_certificate_bound_access_tokens: true }),
  };
}
