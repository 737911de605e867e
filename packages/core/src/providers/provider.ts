import type { Client } from '../client/create-client.ts';
import type { EndSessionRequest } from '../client/logout/end-session.ts';
import type { IdTokenClaims } from '../client/wire/token-response.ts';

/** What a provider does beside the standards; presets hand it in. */
export interface ProviderBehaviour {
  /** Seconds to wait, from headers of the provider's own; `now` is in milliseconds. `Retry-After` comes first. */
  readonly retryAfter?: (headers: Headers, now: number) => number | undefined;
  /** The logout URL when the metadata names no endpoint. */
  readonly endSessionUrl?: (client: Client, request: EndSessionRequest) => URL;
  /** The name of a claim of an ID token that is not what it must be for this client, if there is one. */
  readonly wrongClaim?: (claims: IdTokenClaims) => string | undefined;
}
