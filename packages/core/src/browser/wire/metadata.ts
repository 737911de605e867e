import type { AuthorizationServerMetadata } from '../../client/client-options.ts';
import { ConfigurationError, ValidationError } from '../../errors.ts';
import { normalizeMetadata } from '../../protocol/metadata.ts';
import { isSecureUrl } from '../../protocol/secure-url.ts';
import { type BrowserContext, cached } from '../options.ts';
import { exchange } from './http.ts';

/** Milliseconds for which metadata is believed. */
const metadataLife = 3_600_000;

/**
 * The provider's metadata.
 *
 * @throws ValidationError `metadata_invalid` when the document is malformed or names another issuer
 * @see OpenID Connect Discovery section 4
 */
export function metadataOf(context: BrowserContext): Promise<AuthorizationServerMetadata> {
  const { options, issuer } = context;
  return cached(context, 'metadata', metadataLife, async () => {
    if (options.metadata) return checked(options.metadata, context);
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const { body } = await exchange(context, url);
    context.tell({ type: 'metadata.fetched', issuer });
    return checked(body, context);
  });
}

function checked(document: object | undefined, context: BrowserContext): AuthorizationServerMetadata {
  const allowInsecure = context.options.allowInsecureIssuer === true;
  const metadata = normalizeMetadata(document ?? {}, { allowInsecure });
  // Exact comparison of the texts: a trailing slash counts (OpenID Connect Discovery section 4.3).
  if (metadata.issuer !== context.issuer) {
    throw new ValidationError('metadata_invalid', 'issuer', `The metadata is not of "${context.issuer}".`);
  }
  const methods = metadata.code_challenge_methods_supported;
  // Without S256 the code is unprotected (RFC 9700 section 2.1.1).
  if (Array.isArray(methods) && !methods.includes('S256')) {
    throw new ConfigurationError('unsupported_by_provider', 'The provider has no PKCE with S256.');
  }
  return metadata as unknown as AuthorizationServerMetadata;
}

/**
 * An endpoint of the metadata.
 *
 * @throws ValidationError `metadata_invalid` when it is missing or not https
 */
export async function endpointOf(
  context: BrowserContext,
  name: 'authorization_endpoint' | 'token_endpoint' | 'jwks_uri' | 'pushed_authorization_request_endpoint',
): Promise<string> {
  const url = (await metadataOf(context))[name];
  if (isSecureUrl(url, { allowInsecure: context.options.allowInsecureIssuer })) return url;
  throw new ValidationError('metadata_invalid', name, `The metadata's ${name} is not an https URL.`);
}
