import * as oauth from 'oauth4webapi';
import { ValidationError } from '../../errors.ts';
import { normalizeMetadata } from '../../internal/json/metadata-members.ts';
import { createRequestOptions, emitEvent, getClientContext } from '../client-context.ts';
import type { AuthorizationServerMetadata, Client } from '../create-client.ts';
import { traceOperation } from '../tracing/trace-operations.ts';
import { runWithFailurePause } from './failure-pause.ts';
import { translateError } from './translate-error.ts';

/**
 * The provider's metadata: static, cached, or fetched. Callers share one fetch; while a fetch for renewal fails,
 * the previous metadata is used for another hour. For a second after a failed fetch, callers get its error.
 *
 * @throws ValidationError `metadata_invalid` when the document is malformed or names another issuer
 * @throws TransportError when the provider cannot be reached; `retryAfter` says when the next fetch is possible
 * @see OpenID Connect Discovery section 4.3, RFC 8414 section 3.3
 */
export async function discover(client: Client): Promise<AuthorizationServerMetadata> {
  const { options, metadata, state, now } = getClientContext(client);
  if (metadata) return metadata;
  const maxAge = (options.metadataMaxAge ?? 3600) * 1000;
  const known = state.metadata;
  if (known && now() - known.fetchedAt < maxAge) return known.value;
  const serves = known !== undefined && now() - known.fetchedAt < maxAge + 3_600_000;
  const fetchTraced = () => traceOperation(client, 'discover', () => fetchMetadata(client));
  state.metadataFlight ??= runWithFailurePause(client, 'discovery', fetchTraced).finally(() => {
    state.metadataFlight = undefined;
  });
  try {
    return await state.metadataFlight;
  } catch (error) {
    if (!serves || error instanceof ValidationError) throw error;
    return known.value;
  }
}

async function fetchMetadata(client: Client): Promise<AuthorizationServerMetadata> {
  const { options, state, now } = getClientContext(client);
  const issuer = new URL(client.issuer);
  let value: AuthorizationServerMetadata;
  try {
    const response = await oauth.discoveryRequest(issuer, {
      ...createRequestOptions(client),
      algorithm: options.discovery === 'oauth' ? 'oauth2' : 'oidc',
    });
    value = await oauth.processDiscoveryResponse(issuer, response);
  } catch (error) {
    throw translateError(error, { code: 'metadata_invalid', check: 'metadata' });
  }
  // Exact comparison of the texts: a URL object hides differences such as a trailing slash (RFC 8414 section 3.3).
  if (value.issuer !== client.issuer) {
    throw new ValidationError(
      'metadata_invalid',
      'issuer',
      `The metadata names another issuer than "${client.issuer}"; a trailing slash counts.`,
    );
  }
  const allowInsecure = options.allowInsecureIssuer === true;
  const metadata = normalizeMetadata(value, { allowInsecure }) as unknown as AuthorizationServerMetadata;
  state.metadata = { value: metadata, fetchedAt: now() };
  emitEvent(client, { type: 'metadata.fetched', issuer: client.issuer });
  return metadata;
}
