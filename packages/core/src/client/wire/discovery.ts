import * as oauth from 'oauth4webapi';
import { toPrintableText } from '../../errors/printable-text.ts';
import { ValidationError } from '../../errors.ts';
import { getJsonBody } from '../../internal/fetch/bounded-fetch.ts';
import { isJsonObject } from '../../internal/json/json.ts';
import { normalizeMetadata } from '../../protocol/metadata.ts';
import { type IssuerRule, isIssuer, isMetadataIssuer } from '../../protocol/tokens/token-issuer.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { emitEvent, traceOperation } from '../observability.ts';
import { runWithFailurePause } from './failure-pause.ts';
import { createRequestOptions } from './request-options.ts';
import type { AuthorizationServerMetadata } from './server-metadata.ts';
import { translateError } from './translate-error.ts';

/** Milliseconds for which expired metadata is used while it cannot be fetched. */
const staleMetadataLifetime = 3_600_000;

/**
 * Returns the provider's metadata: static, cached or fetched. Concurrent callers share one request. If a new fetch fails,
 * the cached metadata is used for another hour. After a failed request, callers get the same error for one second.
 *
 * @throws ValidationError `metadata_invalid` if the document is malformed or contains another issuer
 * @throws TransportError if the provider cannot be reached. `retryAfter` contains the seconds until the next request.
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-3.3
 * @example
 * ```ts
 * import { createClient, discover } from '@countersign/core';
 *
 * const client = createClient({ issuer: 'https://auth.example.com', clientId: 'web' });
 * const { token_endpoint } = await discover(client);
 * ```
 */
export async function discover(client: Client): Promise<AuthorizationServerMetadata> {
  const { options, metadata, state, now } = getClientContext(client);
  if (metadata) return metadata;
  const maxAge = (options.metadataMaxAge ?? 3600) * 1000;
  const cachedMetadata = state.metadata;
  if (cachedMetadata && now() - cachedMetadata.fetchedAt < maxAge) return cachedMetadata.value;
  const isCachedUsable =
    cachedMetadata !== undefined && now() - cachedMetadata.fetchedAt < maxAge + staleMetadataLifetime;
  const fetchTraced = () => traceOperation(client, 'discover', () => fetchMetadata(client));
  state.metadataFlight ??= runWithFailurePause(client, 'discovery', fetchTraced).finally(() => {
    state.metadataFlight = undefined;
  });
  try {
    return await state.metadataFlight;
  } catch (error) {
    if (!isCachedUsable || error instanceof ValidationError) throw error;
    return cachedMetadata.value;
  }
}

async function fetchMetadata(client: Client): Promise<AuthorizationServerMetadata> {
  const { options, issuerRule, state, now } = getClientContext(client);
  const issuer = new URL(client.issuer);
  let document: AuthorizationServerMetadata;
  try {
    const requestOptions = createRequestOptions(client);
    const response = await oauth.discoveryRequest(issuer, {
      ...requestOptions,
      [oauth.customFetch]: (url, init) => requestOptions[oauth.customFetch](options.metadataUrl ?? url, init),
      algorithm: options.discovery === 'oauth' ? 'oauth2' : 'oidc',
    });
    document = await oauth.processDiscoveryResponse(
      findTenantIssuer(response, issuerRule) ?? issuer,
      response,
    );
  } catch (error) {
    throw translateError(error, { code: 'metadata_invalid', check: 'metadata' });
  }
  // The strings are compared: URL objects hide differences such as a trailing slash (RFC 8414 section 3.3).
  if (!isMetadataIssuer(issuerRule, document.issuer)) {
    throw new ValidationError(
      'metadata_invalid',
      'issuer',
      `Metadata "issuer" is ${JSON.stringify(toPrintableText(document.issuer, 200))}, expected "${client.issuer}". Set the issuer to the value of the metadata: a slash at the end is significant.`,
    );
  }
  const allowInsecure = options.allowInsecureIssuer === true;
  const value = normalizeMetadata(document, { allowInsecure }) as unknown as AuthorizationServerMetadata;
  state.metadata = { value, fetchedAt: now() };
  emitEvent(client, { type: 'metadata.fetched', issuer: client.issuer });
  return value;
}

/** Returns the issuer of the metadata, if it is one of the tenants instead of the template. */
function findTenantIssuer(response: Response, rule: IssuerRule): URL | undefined {
  const body = getJsonBody(response);
  return rule.tenants && isJsonObject(body) && isIssuer(rule, body.issuer)
    ? new URL(String(body.issuer))
    : undefined;
}
