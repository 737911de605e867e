import { createClient } from '../../client/create-client.ts';
import { discover } from '../../client/wire/discovery.ts';
import { ConfigurationError } from '../../errors.ts';
import type { EventListener } from '../../events.ts';
import type { Clock } from '../../internal/clock.ts';
import type { Fetch, HttpOptions } from '../../internal/http.ts';
import { isJsonObject, type JsonObject } from '../../internal/json/json.ts';
import {
  isSignatureAlgorithm,
  type SignatureAlgorithm,
  signatureAlgorithms,
} from '../../internal/signature-algorithms.ts';
import { type AccessTokenProfile, type AccessTokenProfileName, profiles } from '../claims/profiles.ts';
import { checkIntrospection } from '../introspection/check-introspection.ts';
import {
  createIntrospection,
  type Introspected,
  type IntrospectionOptions,
} from '../introspection/introspection.ts';
import type { VerifiedAccessToken } from '../verified-access-token.ts';
import { createRemoteKeySet, createStaticKeySet, type KeySet } from './key-set.ts';

/** An authorization server whose access tokens are accepted. */
export interface TrustedIssuer {
  /** Issuer identifier, exactly as the provider writes it; a trailing slash counts. */
  readonly issuer: string;
  /** This API's name at the provider: the resource indicator or audience. Several when it has several names. */
  readonly audience: string | readonly string[];
  /** Accepted signature algorithms. Default: RS256, PS256, ES256, EdDSA and Ed25519. */
  readonly algorithms?: readonly SignatureAlgorithm[];
  /** How the issuer writes its access tokens. Default: `rfc9068`, the strictest. */
  readonly profile?: AccessTokenProfileName | AccessTokenProfile;
  /** Where the issuer's keys are. Default: what discovery says. */
  readonly jwksUri?: string;
  /** The keys themselves: then nothing is fetched. */
  readonly jwks?: { readonly keys: readonly object[] };
  /** Which well-known document is read. Default: `openid`; `oauth` is RFC 8414. */
  readonly discovery?: 'openid' | 'oauth';
  /** Asks the issuer about tokens that are no JWT, or about all. @see RFC 7662 */
  readonly introspection?: IntrospectionOptions;
  /**
   * A further check of your own, run once per token and not once per request. It refuses by throwing; its message
   * goes to `onEvent`, not to the caller. An outage is answered with 503 instead of 401: throw a `TransportError`; an error
   * of the network, a time-out and an answer with status 5xx are recognised.
   */
  readonly validate?: (token: VerifiedAccessToken) => void | Promise<void>;
}

export interface IssuerContext {
  readonly fetch: Fetch | undefined;
  readonly now: Clock;
  readonly http: HttpOptions;
  readonly onEvent: EventListener | undefined;
  readonly allowInsecureIssuer: boolean;
  /** Seconds. */
  readonly clockTolerance: number;
  readonly keysMaxAge: number;
  readonly keysMaxStale: number;
  readonly keysCoolDown: number;
}

/** A trusted issuer, checked and with its keys. */
export interface Issuer {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly profile: AccessTokenProfile;
  readonly keys: KeySet;
  readonly validate: TrustedIssuer['validate'];
  /** Which tokens are introspected, and how. */
  readonly introspection:
    | {
        /** Whether it is asked about JWTs that name it. */
        readonly ofJwts: boolean;
        /** Whether an opaque token may be its own; `undefined` when it is asked about no opaque token. */
        readonly accepts: ((token: string) => boolean) | undefined;
        readonly introspect: (token: string) => Promise<Introspected>;
      }
    | undefined;
}

const defaultAlgorithms: readonly SignatureAlgorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];

/** @throws ConfigurationError when an option is missing or wrong */
export function createIssuer(options: TrustedIssuer, context: IssuerContext): Issuer {
  const { issuer, jwks, jwksUri } = options;
  const { allowInsecureIssuer, fetch, now, onEvent, http } = context;
  if (options.introspection !== undefined) checkIntrospection(options.introspection, issuer);
  // The client checks the issuer, reads its metadata and, if wanted, introspects.
  const client = createClient({
    issuer,
    clientId: options.introspection?.clientId ?? 'resource-server',
    now,
    timeout: http.timeout,
    maxResponseBytes: http.maxBytes,
    allowInsecureIssuer,
    ...(fetch && { fetch }),
    ...(onEvent && { onEvent }),
    ...(options.discovery && { discovery: options.discovery }),
    ...(options.introspection && { clientAuthentication: options.introspection.clientAuthentication }),
    ...(options.introspection?.signedResponseAlg && {
      introspectionSignedResponseAlg: options.introspection.signedResponseAlg,
    }),
  });
  if (jwksUri !== undefined) requireUrl(jwksUri, 'jwksUri', allowInsecureIssuer);
  if (jwks !== undefined && jwksUri !== undefined) {
    throw new ConfigurationError(
      'invalid_option',
      `jwks and jwksUri are both set for "${issuer}", and only one of them can hold its keys. Leave one out.`,
    );
  }
  if (options.discovery !== undefined && !['openid', 'oauth'].includes(options.discovery)) {
    throw new ConfigurationError(
      'invalid_option',
      `discovery must be 'openid' or 'oauth', got ${JSON.stringify(options.discovery)}`,
    );
  }

  const keys = jwks
    ? createStaticKeySet(staticKeys(jwks))
    : createRemoteKeySet({
        issuer,
        jwksUri: async () => {
          const uri = jwksUri ?? (await discover(client)).jwks_uri;
          if (uri) return uri;
          throw new ConfigurationError(
            'unsupported_by_provider',
            `The metadata of "${issuer}" has no jwks_uri. Set jwksUri.`,
          );
        },
        http,
        now,
        maxAge: context.keysMaxAge * 1000,
        maxStale: context.keysMaxStale * 1000,
        coolDown: context.keysCoolDown * 1000,
        clockTolerance: context.clockTolerance * 1000,
        onEvent,
      });

  const audiences = audiencesOf(options);
  const profile = profileOf(options.profile);
  const { clockTolerance } = context;
  return {
    issuer,
    audiences,
    algorithms: algorithmsOf(options.algorithms),
    profile,
    keys,
    validate: options.validate,
    introspection: options.introspection && {
      ...routingOf(options.introspection),
      introspect: createIntrospection(client, options.introspection, { audiences, profile, clockTolerance }),
    },
  };
}

const routingOf = ({ tokens = 'opaque', accepts = () => true }: IntrospectionOptions) => ({
  ofJwts: tokens !== 'opaque',
  accepts: tokens === 'jwt' ? undefined : accepts,
});

function audiencesOf({ audience, issuer }: TrustedIssuer): readonly string[] {
  const list = typeof audience === 'string' ? [audience] : audience;
  if (
    Array.isArray(list) &&
    list.length > 0 &&
    list.every((name) => typeof name === 'string' && name !== '')
  ) {
    return list;
  }
  throw new ConfigurationError(
    'missing_option',
    `audience is missing for issuer "${issuer}". Without it, a token for any other API would be accepted. ` +
      "Write audience: 'https://api.example.com', the name that the provider knows this API by.",
  );
}

function algorithmsOf(algorithms: readonly unknown[] = defaultAlgorithms): readonly SignatureAlgorithm[] {
  if (algorithms.length > 0 && algorithms.every(isSignatureAlgorithm)) return algorithms;
  // RFC 8725 sections 3.1 and 3.2: with a public key set, HMAC would make the public key a secret, and `none` no check.
  throw new ConfigurationError(
    'invalid_option',
    `algorithms must name one or more of ${signatureAlgorithms.join(', ')}; got ${JSON.stringify(algorithms)}`,
  );
}

function profileOf(profile: AccessTokenProfileName | AccessTokenProfile = 'rfc9068'): AccessTokenProfile {
  if (typeof profile === 'object') return profile;
  if (Object.hasOwn(profiles, profile)) return profiles[profile];
  throw new ConfigurationError(
    'invalid_option',
    `profile must be one of ${Object.keys(profiles).join(', ')}, or an object; got "${profile}"`,
  );
}

function staticKeys(jwks: { readonly keys: readonly object[] }): JsonObject[] {
  const keys: unknown = jwks.keys;
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isJsonObject)) {
    throw new ConfigurationError('invalid_option', 'jwks must be a JSON Web Key Set: { keys: [...] }');
  }
  // A symmetric key would make everybody who verifies tokens an issuer (RFC 8725 section 3.1). None is ever used.
  if (keys.some(({ kty }) => kty !== 'oct')) return keys;
  throw new ConfigurationError(
    'invalid_option',
    `jwks has symmetric keys only ("kty": "oct"), and they verify nothing. Set the public keys of the issuer.`,
  );
}

export function requireUrl(text: string, name: string, allowInsecure: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && allowInsecure)) return url;
  throw new ConfigurationError('invalid_option', `${name} must be an https URL, got "${text}"`);
}
