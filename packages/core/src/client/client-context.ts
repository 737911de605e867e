import type * as oauth from 'oauth4webapi';
import { ConfigurationError } from '../errors.ts';
import type { Clock } from '../internal/clock.ts';
import { createDuplicateError, isMarked, markObject } from '../internal/copy-mark.ts';
import type { WebCryptoKey } from '../internal/crypto-types.ts';
import type { HttpOptions } from '../internal/fetch/bounded-fetch.ts';
import type { TokenBucket } from '../internal/token-bucket.ts';
import type { IssuerRule } from '../protocol/tokens/token-issuer.ts';
import type { Client } from './client.ts';
import type { ResolvedClientOptions } from './client-options.ts';
import type { ClientAuthentication } from './wire/client-authentication.ts';
import type { AuthorizationServerMetadata } from './wire/server-metadata.ts';

/** Resolved options of a client and the data that it fetched from the provider. Never data of a user. */
export interface ClientContext {
  readonly options: ResolvedClientOptions;
  /** The expected issuer of tokens. */
  readonly issuerRule: IssuerRule;
  /** The static metadata of the options, normalized. */
  readonly metadata?: AuthorizationServerMetadata;
  readonly authentication: ClientAuthentication;
  readonly http: HttpOptions;
  readonly now: Clock;
  /** Seconds. */
  readonly clockTolerance: number;
  /** Seconds. */
  readonly idTokenMaxAge: number;
  readonly resources: readonly string[];
  readonly scope: string;
  readonly state: {
    metadata?: { readonly value: AuthorizationServerMetadata; readonly fetchedAt: number };
    metadataFlight?: Promise<AuthorizationServerMetadata> | undefined;
    keys?: ProviderKeys;
    keysFlight?: Promise<ProviderKeys> | undefined;
    /** Count of started key fetches. */
    keyFetches?: number;
    keysFailedAt?: number;
    /** Limits of the key fetches that unknown key IDs may cause, per sender. */
    keyBudgets?: Readonly<Record<'provider' | 'browser' | 'anyone', TokenBucket>>;
    /** The last failure of each request that pauses after a failure. */
    failures?: Readonly<Partial<Record<PausedRequest, RequestFailure>>>;
    /** Proof generators by their private key. */
    dpop?: WeakMap<WebCryptoKey, oauth.DPoPHandle>;
    /** Whether it was reported that the provider was recognized. */
    isProviderReported?: boolean;
    /** Milliseconds since the epoch of the last log entry about rejected credentials of this client. */
    credentialsLoggedAt?: number;
  };
}

/** Requests to the provider that pause after a failure, each one separately. */
export type PausedRequest = 'discovery' | 'keysForUntrustedSenders';

interface RequestFailure {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly error: unknown;
}

/** The provider's keys, as fetched. */
export interface ProviderKeys {
  readonly jwks: oauth.JWKS;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** Sequence number of the fetch, starting at 1. */
  readonly fetch: number;
}

// Stored beside the client, not in it: a client that is logged or serialized must not reveal a secret.
const contexts = new WeakMap<Client, ClientContext>();

/** Attaches the context to a new client. */
export function registerClientContext(client: Client, context: ClientContext): void {
  contexts.set(markObject('client', client, contexts), context);
}

/** @throws ConfigurationError `invalid_option` if the client was not created by `createClient()`, `duplicate_package` if another
 * copy of this package created it */
export function getClientContext(client: Client): ClientContext {
  const context = contexts.get(client);
  if (!context) {
    if (isMarked('client', client)) throw createDuplicateError('The client');
    throw new ConfigurationError('invalid_option', 'Expected a client that was created by createClient().');
  }
  return context;
}
