import type { AuthorizationServerMetadata } from '../../client/wire/server-metadata.ts';
import { ConfigurationError, TransportError, toPrintableText, ValidationError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import { normalizeMetadata } from '../../protocol/metadata.ts';
import { isSecureUrl } from '../../protocol/secure-url.ts';
import { isMetadataIssuer } from '../../protocol/tokens/token-issuer.ts';
import { type BrowserContext, loadCached } from '../options.ts';
import { sendRequest } from './send-request.ts';

/** Milliseconds. */
const metadataLifetime = 3_600_000;

/** Milliseconds for which the previous metadata is used while the provider is unavailable. */
const staleLifetime = 24 * metadataLifetime;

export const createMetadataUrl = ({ issuer, options }: BrowserContext): string =>
  options.metadataUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

/**
 * Fetches the metadata of the provider, or returns the cached metadata.
 *
 * @throws ValidationError `metadata_invalid` if the document is malformed or belongs to another issuer
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 */
export function fetchMetadata(context: BrowserContext): Promise<AuthorizationServerMetadata> {
  const { options, issuer } = context;
  return loadCached(context, 'metadata', metadataLifetime, async () => {
    if (options.metadata) return validateMetadata(options.metadata, context);
    return fetchOrReuse(context, async () => {
      const url = createMetadataUrl(context);
      const { body, status, headers } = await sendRequest(context, url);
      if (!body || status !== 200) {
        throw new ValidationError(
          'metadata_invalid',
          'body',
          isDevelopment
            ? `GET ${url} returned status ${status} and ${toPrintableText(headers.get('content-type') ?? 'no content type', 100)}, expected 200 and JSON. Check the option issuer, which is the start of this URL.`
            : '',
        );
      }
      context.emitEvent({ type: 'metadata.fetched', issuer });
      return validateMetadata(body, context);
    });
  });
}

/** A proxy may respond in place of the provider: with a redirect, or another status or content type. */
const isDocumentMissing = (error: unknown) =>
  error instanceof TransportError ||
  (error instanceof ValidationError && (error.code === 'response_malformed' || error.check === 'body'));

/** Fetches the metadata, or returns the previous metadata if the provider is unavailable. */
async function fetchOrReuse(
  { cache, now }: BrowserContext,
  fetchNew: () => Promise<AuthorizationServerMetadata>,
): Promise<AuthorizationServerMetadata> {
  const name = 'previous metadata';
  const previous = cache.get(name);
  try {
    const metadata = await fetchNew();
    cache.set(name, { value: Promise.resolve(metadata), at: now() });
    return metadata;
  } catch (error) {
    const isUsable = previous && now() - previous.at < staleLifetime;
    if (!isDocumentMissing(error) || !isUsable) throw error;
    return previous.value as Promise<AuthorizationServerMetadata>;
  }
}

function validateMetadata(
  document: object | undefined,
  context: BrowserContext,
): AuthorizationServerMetadata {
  const allowInsecure = context.options.allowInsecureIssuer === true;
  const metadata = normalizeMetadata(document ?? {}, { allowInsecure });
  // An exact comparison: a trailing slash matters (OpenID Connect Discovery section 4.3).
  if (!isMetadataIssuer(context, metadata.issuer)) {
    throw new ValidationError(
      'metadata_invalid',
      'issuer',
      isDevelopment
        ? `Metadata "issuer" is ${JSON.stringify(metadata.issuer)?.slice(0, 100)}, expected "${context.issuer}". Set the option issuer to the value of the provider, including a slash at its end.`
        : '',
    );
  }
  const methods = metadata.code_challenge_methods_supported;
  // Without S256, a stolen code can be used (RFC 9700 section 2.1.1).
  if (Array.isArray(methods) && !methods.includes('S256')) {
    throw new ConfigurationError(
      'unsupported_by_provider',
      isDevelopment
        ? `The metadata of ${context.issuer} lists the PKCE methods ${JSON.stringify(methods).slice(0, 100)}, expected "S256". Enable PKCE with S256 for the client at the provider.`
        : 'code_challenge_methods_supported',
    );
  }
  return metadata as unknown as AuthorizationServerMetadata;
}

/**
 * Returns an endpoint of the metadata.
 *
 * @throws ValidationError `metadata_invalid` if it is missing or not an https URL
 */
export async function getEndpoint(
  context: BrowserContext,
  name: 'authorization_endpoint' | 'token_endpoint' | 'jwks_uri' | 'pushed_authorization_request_endpoint',
): Promise<string> {
  const url = (await fetchMetadata(context))[name];
  if (isSecureUrl(url, { allowInsecure: context.options.allowInsecureIssuer })) return url;
  throw new ValidationError(
    'metadata_invalid',
    name,
    isDevelopment
      ? `Metadata "${name}" of ${context.issuer} is missing or not an https URL. Enable this endpoint at the provider, or set the option metadata.`
      : '',
  );
}
